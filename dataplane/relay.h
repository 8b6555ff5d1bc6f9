#pragma once
// Step "relay", in place of "steer" and "rewrite" for an ICMP error about a packet of a flow (RFC 5508 4.2, 4.3). It
// goes to who sent that packet, quotes what he sent, and comes from whom he sent it to: the VIP or the SNAT address
// takes the place of the router or node that speaks. Path MTU discovery (RFC 1191, RFC 8201) lives from this.
//
// An error changes no flow: anyone can send one.

#include "dataplane/packet.h"
#include "dataplane/snapshot.h"

namespace sluice::dataplane {

// Answers kToNode, kToClient or the drop that stood in the way; on a drop nothing was changed. The packet's content is
// kError, its flow and direction are set.
template <typename Family>
Verdict relay(const Snapshot& snapshot, Packet& packet);

}  // namespace sluice::dataplane
