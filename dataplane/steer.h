#pragma once
// Steps "classify" and "steer": which flow is it, and if none yet, which node shall serve it.

#include "dataplane/packet.h"
#include "dataplane/snapshot.h"
#include "nat/flow_table.h"
#include "nat/port_pool.h"

namespace sluice::dataplane {

// The state of one worker for a family that outlives snapshots. Touched by its worker only.
template <typename Family>
struct WorkerState {
  nat::FlowTable<Family>& flows;
  nat::PortPool<Family>& ports;
  // A flow came or went since this burst was classified: what `classify` found may be another flow by now, and what it
  // did not find may be there.
  bool changed = false;
  // A packet ended in a drop that its sender may be told of (refuse.h).
  bool may_refuse = false;
};

// Finds the packet's flow, or the service port that a new flow would belong to. What is neither is the kernel's. An
// ICMP error about a packet of a flow is sent on at once (relay.h). `packet.hash` must be set.
template <typename Family>
Verdict classify(const Snapshot& snapshot, WorkerState<Family>& state, Packet& packet);

// Keeps a known flow's state up to date, or makes a new flow: Maglev picks the node, the port pool a SNAT port.
// A packet whose time to live ends here, or that is too big for its way, changes and opens none. On kContinue, the
// packet's flow and direction are set and the flow was true to the snapshot's epoch.
template <typename Family>
Verdict steer(const Snapshot& snapshot, WorkerState<Family>& state, nat::Tick now, Packet& packet);

// Whether flows of this service may go on: it is there, whatever its nodes do.
template <typename Family>
bool serves(const FamilySnapshot<Family>& snapshot, std::uint32_t service);

// Whether the client may open flows to the service (loadBalancerSourceRanges).
template <typename Family>
bool admits(const ServicePort<Family>& service, const typename Family::Address& client);

// What Maglev chooses by, the same on all appliances. All ports of a service share their table, so a client without
// ports in the hash meets the same node on all of them (sessionAffinity: ClientIP).
template <typename Family>
std::uint64_t choice_hash(const ServicePort<Family>& service, net::FlowKey<Family> key);

// The worker that owns a packet, when there are several. Both directions of a flow have the same owner: the one that
// the client's tuple hashes to, and it gives out only SNAT ports that name it. Packets of nobody belong to `self`.
unsigned owner(const Snapshot& snapshot, const Packet& packet, unsigned workers, unsigned self);

}  // namespace sluice::dataplane
