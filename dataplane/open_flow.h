#pragma once
// A new flow: who may open one, which node gets it, and as what its packets go on.

#include <cstdint>

#include "dataplane/packet.h"
#include "dataplane/snapshot.h"
#include "dataplane/worker_state.h"
#include "nat/tick.h"

namespace sluice::dataplane {

// Whether the client may open flows to the service (loadBalancerSourceRanges).
template <typename Family>
bool admits(const ServicePort<Family>& service, const typename Family::Address& client);

// Whether a sender with this address is forged: it is one of ours, and we ask ourselves for nothing. Answers to it
// would come back to us, as new packets or by the SNAT port of another flow.
template <typename Family>
bool is_forged(const FamilySnapshot<Family>& snapshot, const typename Family::Address& client);

// What Maglev chooses by, the same on all appliances. All ports of a service share their table, so a client without
// ports in the hash meets the same node on all of them (sessionAffinity: ClientIP).
template <typename Family>
std::uint64_t choice_hash(const ServicePort<Family>& service, net::FlowKey<Family> key);

// The node that has the client until its affinity times out, if the service has such and the node serves it still. Else
// kNoBackend. The table may be null.
template <typename Family>
lb::BackendId remembered_node(const ServicePort<Family>& service, const typename Family::Address& client,
                              const AffinityTable* affinities, nat::Tick now);

// How packets of a new flow reach the node: as the service wants it. But a node may answer a client of its own segment,
// or one inside the cluster, past us: such a flow (hairpin) gets a SNAT address that brings the answer back.
template <typename Family>
lb::Delivery delivery_of(const Snapshot& snapshot, const ServicePort<Family>& service, const Backend<Family>& backend,
                         std::uint16_t client_next_hop);

// Makes a flow for the packet, which asks for service `packet.service`: Maglev picks the node, the port pool a SNAT
// port if the delivery needs one. On kContinue the packet's flow and direction are set. `Transport`: transport.h.
template <typename Transport, typename Family>
Verdict open_flow(const Snapshot& snapshot, WorkerState<Family>& state, nat::Tick now, Packet& packet);

}  // namespace sluice::dataplane
