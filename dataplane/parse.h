#pragma once
// Step "parse": from bytes to offsets and a flow key. Reads nothing beyond the packet's length.

#include "dataplane/packet.h"

namespace sluice::dataplane {

// ARP, IPv4 and IPv6 go on; everything else is the kernel's. TCP and UDP packets get ports in their key, ICMP errors
// about these the key that they are found by; the rest has addresses and protocol only and is judged by the steps
// behind. Fragments are held: they have steps of their own.
Verdict parse(Packet& packet);

}  // namespace sluice::dataplane
