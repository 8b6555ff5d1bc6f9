#pragma once
// Steps in place of "steer" and "rewrite" for what goes on like a packet of a flow, but is none: it changes no flow.
//
// "Relay" is for an ICMP error about a packet of a flow (RFC 5508 4.2, 4.3): anyone can send one. It goes to who sent
// that packet, quotes what he sent, and comes from whom he sent it to: the VIP or the SNAT address takes the place of
// the router or node that speaks. Path MTU discovery (RFC 1191, RFC 8201) lives from this.
//
// "Follow" is for a later fragment, which has no transport header: the first one has said all that the flow had to
// hear.

#include "dataplane/packet.h"
#include "dataplane/snapshot.h"

namespace sluice::dataplane {

// Answers kToNode, kToClient or the drop that stood in the way; on a drop nothing was changed. The packet's content is
// kError, its flow and direction are set.
template <typename Family>
Verdict relay(const Snapshot& snapshot, Packet& packet);

// The same for content kLater.
template <typename Family>
Verdict follow(const Snapshot& snapshot, Packet& packet);

}  // namespace sluice::dataplane
