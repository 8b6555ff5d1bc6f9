#pragma once
// Steps "classify" and "steer": which flow is it, and if none yet, which node shall serve it. `Transport`: transport.h.

#include "dataplane/packet.h"
#include "dataplane/snapshot.h"
#include "dataplane/worker_state.h"
#include "nat/rss.h"

namespace sluice::dataplane {

// Finds the packet's flow, or the service port that a new flow would belong to. What is neither is the kernel's. An
// ICMP error about a packet of a flow, and a later fragment of one, is sent on at once (relay.h). `packet.hash` must be
// set.
template <typename Transport, typename Family>
Verdict classify(const Snapshot& snapshot, WorkerState<Family>& state, Packet& packet);

// Keeps a known flow's state up to date, or makes a new flow: Maglev picks the node, the port pool a SNAT port.
// A packet whose time to live ends here, or that is too big for its way, changes and opens none. On kContinue, the
// packet's flow and direction are set and the flow was true to the snapshot's epoch.
template <typename Transport, typename Family>
Verdict steer(const Snapshot& snapshot, WorkerState<Family>& state, nat::Tick now, Packet& packet);

// Whether flows of this service may go on: it is there, whatever its nodes do.
template <typename Family>
bool serves(const FamilySnapshot<Family>& snapshot, std::uint32_t service);

// Whether a packet of which only addresses and protocol are known may be of a flow.
bool may_have_flow(const Snapshot& snapshot, const Packet& packet);

// The worker that owns a packet, when there are several. Both directions of a flow have the same owner: the one that
// the client's packets hash to (nat::Rss). SNAT ports are chosen so that the answers do too; where the node answers
// the client by itself, the owner is that of the client's packets. Packets of nobody belong to `self`.
unsigned owner(const Snapshot& snapshot, const Packet& packet, const nat::Rss& rss, unsigned self);

}  // namespace sluice::dataplane
