#pragma once
// Step "parse": from bytes to offsets and a flow key. Reads nothing beyond the packet's length.

#include "dataplane/packet.h"

namespace sluice::dataplane {

// ARP and IPv4 go on; everything else is the kernel's. Of IPv4, only unfragmented TCP and UDP get an `l4` and ports in
// their key; the rest has addresses and protocol only and is judged by the steps behind.
Verdict parse(Packet& packet);

}  // namespace sluice::dataplane
