#pragma once
// Step "answer": what the appliance itself answers for its VIPs: ARP requests (RFC 826) and ICMP echo (RFC 792).
//
// The answer is made in the packet's own bytes and goes out where the question came in.

#include "dataplane/packet.h"
#include "dataplane/snapshot.h"

namespace sluice::dataplane {

// All other packets go on; ARP that is not about our addresses is the kernel's.
Verdict answer(const Snapshot& snapshot, Packet& packet);

}  // namespace sluice::dataplane
