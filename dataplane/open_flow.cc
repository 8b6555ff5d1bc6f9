#include "dataplane/open_flow.h"

#include <algorithm>
#include <cstring>

#include "dataplane/stop.h"
#include "dataplane/transport.h"
#include "nat/translate.h"

namespace sluice::dataplane {
namespace {

using lb::Delivery;
using nat::TcpState;

// What was found out about a flow before there is room for it.
template <typename Family>
struct Plan {
  lb::BackendId id = lb::kNoBackend;
  const Backend<Family>* backend = nullptr;
  std::uint16_t client_next_hop = kNoRoute;
  Delivery delivery{};
  std::uint16_t port_group = nat::kNoPortGroup;  // Of its SNAT port.
};

// By what an AffinityTable knows a client of a service.
template <typename Family>
std::uint64_t affinity_hash(const ServicePort<Family>& service, const typename Family::Address& client) {
  return net::hash(net::FlowKey<Family>{.source = client, .destination = service.vip},
                   service.group * 0x9e3779b97f4a7c15ULL);
}

// The node, or why there is none.
template <typename Transport, typename Family>
Verdict choose_node(const FamilySnapshot<Family>& snapshot, const ServicePort<Family>& service,
                    const WorkerState<Family>& state, nat::Tick now, Packet& packet, Plan<Family>& plan) {
  const auto& key = packet.key<Family>();
  if (is_forged(snapshot, key.source)) return Verdict::kDropBadHeader;
  if (!state.moves && !admits(service, key.source)) return Verdict::kDropSourceRange;
  // A one-way flow that we do not know may be an old one: the same table leads it to the same node.
  const bool may_be_older = service.delivery == Delivery::kDsr;
  if (Transport::has_connections(key.protocol) && !may_be_older && !Transport::opens_connection(packet)) {
    return Verdict::kDropNoFlow;
  }
  if (!Transport::may_open(packet, service.delivery)) return Verdict::kDropFragmentSctp;
  plan.id = remembered_node(service, key.source, state.affinities, now);
  if (plan.id == lb::kNoBackend) [[likely]]
    plan.id = service.table->select(choice_hash(service, key));
  if (plan.id == lb::kNoBackend || plan.id >= snapshot.backends.size()) return Verdict::kDropNoBackend;
  plan.backend = &snapshot.backends[plan.id];
  return plan.backend->state == lb::BackendState::kDown ? Verdict::kDropNoBackend : Verdict::kContinue;
}

// The ways to the node and back to the client.
template <typename Family>
Verdict find_ways(const Snapshot& all, const ServicePort<Family>& service, Packet& packet, Plan<Family>& plan) {
  const std::uint16_t to_node = plan.backend->next_hop;
  if (to_node == kNoRoute) return Verdict::kDropNoRoute;
  if (service.delivery == Delivery::kDsr && !plan.backend->is_neighbour) return Verdict::kDropNotNeighbour;
  if (all.next_hops[to_node].kind != NextHop::Kind::kResolved) return Verdict::kDropUnresolved;
  plan.client_next_hop = all.of<Family>().routes.find(packet.key<Family>().source);
  if (plan.client_next_hop == kNoRoute) return Verdict::kDropNoRoute;
  plan.delivery = delivery_of(all, service, *plan.backend, plan.client_next_hop);
  return may_end_here<Family>(all, packet) ? stop<Family>(all, to_node, packet) : Verdict::kContinue;
}

// By what ConnectionLimits know a client of a service. One IPv6 client has a network of 2^64 addresses.
template <typename Family>
std::uint64_t limit_hash(const ServicePort<Family>& service, typename Family::Address client) {
  if constexpr (Family::kBits == 128) std::memset(client.bytes.data() + 8, 0, 8);
  return ~affinity_hash(service, client);
}

// Whether the limits of the service let one more through. What was open before, or may have been, is none more.
template <typename Transport, typename Family>
Verdict judge_rate(const ServicePort<Family>& service, const WorkerState<Family>& state, nat::Tick now,
                   Packet& packet) {
  if (state.limits == nullptr || state.moves) return Verdict::kContinue;
  const auto& key = packet.key<Family>();
  if (Transport::has_connections(key.protocol) && !Transport::opens_connection(packet)) return Verdict::kContinue;
  const auto& limit = service.limit;
  // The client first: what one of them has too many shall not use up what is there for all.
  if (limit.a_second_by_client != 0 &&
      !state.limits->take_of_client(limit_hash(service, key.source), limit.a_second_by_client, now)) {
    return Verdict::kDropClientLimit;
  }
  const bool has_room = limit.a_second == 0 || state.limits->take(service.group, limit.a_second, now);
  return has_room ? Verdict::kContinue : Verdict::kDropServiceLimit;
}

template <typename Family>
void forget(WorkerState<Family>& state, const nat::Flow<Family>& flow) {
  state.ports.release(flow.snat, flow.snat_port, flow.port_group);
  state.changed = true;
}

// The client's end stays as it is, so only this one flow can have the node's answers. An older one that has them went
// to another VIP of this node port; the client uses its port for something new now.
template <typename Family>
void make_way_back(WorkerState<Family>& state, const nat::Flow<Family>& flow) {
  const auto key = flow.to_client_key();
  const auto older = state.flows.find(key, state.flows.hash(key));
  if (older.flow == nullptr) return;
  forget(state, *older.flow);
  state.flows.erase(*older.flow);
}

// As what the client's packets go on, by a SNAT port if the delivery needs one. False: there is none left.
template <typename Transport, typename Family>
bool bind(const ServicePort<Family>& service, WorkerState<Family>& state, const Packet& packet, Plan<Family>& plan,
          nat::Binding<Family>& binding) {
  if (plan.delivery == Delivery::kDsr) {
    const bool opens = Transport::has_connections(binding.client.protocol) && Transport::opens_connection(packet);
    binding = nat::untranslated(binding.client, opens ? TcpState::kOneWaySynSent : TcpState::kOneWayUnknown);
    return true;
  }
  binding.node = plan.backend->address;
  binding.node_port = service.node_port;
  if (plan.delivery == Delivery::kDnat) {
    binding.snat = binding.client.source;
    binding.snat_port = binding.client.source_port;
    return true;
  }
  const auto snat = state.ports.allocate(binding.node, binding.node_port, binding.client.protocol, packet.hash);
  if (!snat) return false;
  binding.snat = snat->address;
  binding.snat_port = snat->port;
  plan.port_group = snat->group;
  return true;
}

}  // namespace

template <typename Family>
bool admits(const ServicePort<Family>& service, const typename Family::Address& client) {
  return service.source_ranges == nullptr || service.source_ranges->find(client) != kNoRoute;
}

template <typename Family>
bool is_forged(const FamilySnapshot<Family>& snapshot, const typename Family::Address& client) {
  const auto& snat = snapshot.snat_addresses;
  return snapshot.services.has_vip(client) || std::ranges::find(snat, client) != snat.end();
}

template <typename Family>
std::uint64_t choice_hash(const ServicePort<Family>& service, net::FlowKey<Family> key) {
  if (service.affinity_seconds != 0) key.source_port = key.destination_port = net::Be16{};
  return net::hash(key);
}

template <typename Family>
lb::BackendId remembered_node(const ServicePort<Family>& service, const typename Family::Address& client,
                              const AffinityTable* affinities, nat::Tick now) {
  if (service.affinity_seconds == 0 || affinities == nullptr) return lb::kNoBackend;
  const lb::BackendId node = affinities->find(affinity_hash(service, client), now, service.affinity_seconds);
  return service.table->contains(node) ? node : lb::kNoBackend;
}

template <typename Family>
Delivery delivery_of(const Snapshot& snapshot, const ServicePort<Family>& service, const Backend<Family>& backend,
                     std::uint16_t client_next_hop) {
  if (service.delivery != Delivery::kDnat) return service.delivery;
  const NextHop& client = snapshot.next_hops[client_next_hop];
  const bool is_near = client.kind == NextHop::Kind::kOnLink || client.is_backend;
  return is_near && client.port == snapshot.next_hops[backend.next_hop].port ? Delivery::kFullNat : Delivery::kDnat;
}

template <typename Transport, typename Family>
Verdict open_flow(const Snapshot& snapshot, WorkerState<Family>& state, nat::Tick now, Packet& packet) {
  const auto& service = snapshot.of<Family>().service_ports[packet.service];
  Plan<Family> plan;
  Verdict verdict = choose_node<Transport>(snapshot.of<Family>(), service, state, now, packet, plan);
  if (verdict == Verdict::kContinue) verdict = find_ways(snapshot, service, packet, plan);
  if (verdict == Verdict::kContinue) verdict = judge_rate<Transport>(service, state, now, packet);
  state.moves = false;
  if (verdict != Verdict::kContinue) {
    state.may_refuse = true;  // refuse() knows of which.
    return verdict;
  }
  const auto forget_one = [&](const nat::Flow<Family>& flow) { forget(state, flow); };
  if (!state.flows.make_room(now, snapshot.timeouts, forget_one)) return Verdict::kDropFlowTableFull;
  nat::Binding<Family> binding{.client = packet.key<Family>()};
  if (!bind<Transport>(service, state, packet, plan, binding)) return Verdict::kDropSnatExhausted;
  auto flow = nat::make_flow(binding);
  flow.port_group = plan.port_group;
  flow.backend = plan.id;
  flow.service = packet.service;
  flow.client_next_hop = plan.client_next_hop;
  flow.epoch = snapshot.epoch;
  Transport::begin(flow, plan.delivery, packet);
  if (plan.delivery == Delivery::kDnat) make_way_back(state, flow);
  packet.flow<Family>() = state.flows.insert(flow);
  if (packet.flow<Family>() == nullptr) [[unlikely]] {  // No place in the index, although there is room in the table.
    forget(state, flow);
    return Verdict::kDropFlowTableFull;
  }
  if (service.affinity_seconds != 0 && state.affinities != nullptr)
    state.affinities->note(affinity_hash(service, flow.client), plan.id, now);
  packet.direction = nat::Direction::kToNode;
  state.changed = true;
  return Verdict::kContinue;
}

template bool admits(const ServicePort<net::Ipv4>& service, const net::Ipv4Address& client);
template bool admits(const ServicePort<net::Ipv6>& service, const net::Ipv6Address& client);
template bool is_forged(const FamilySnapshot<net::Ipv4>& snapshot, const net::Ipv4Address& client);
template bool is_forged(const FamilySnapshot<net::Ipv6>& snapshot, const net::Ipv6Address& client);
template std::uint64_t choice_hash(const ServicePort<net::Ipv4>& service, net::FlowKey4 key);
template std::uint64_t choice_hash(const ServicePort<net::Ipv6>& service, net::FlowKey6 key);
template lb::BackendId remembered_node(const ServicePort<net::Ipv4>& service, const net::Ipv4Address& client,
                                       const AffinityTable* affinities, nat::Tick now);
template lb::BackendId remembered_node(const ServicePort<net::Ipv6>& service, const net::Ipv6Address& client,
                                       const AffinityTable* affinities, nat::Tick now);
template Delivery delivery_of(const Snapshot& snapshot, const ServicePort<net::Ipv4>& service,
                              const Backend<net::Ipv4>& backend, std::uint16_t client_next_hop);
template Delivery delivery_of(const Snapshot& snapshot, const ServicePort<net::Ipv6>& service,
                              const Backend<net::Ipv6>& backend, std::uint16_t client_next_hop);
#define SLUICE_OPEN_FLOW(Transport, Family)                                                                  \
  template Verdict open_flow<Transport>(const Snapshot& snapshot, WorkerState<Family>& state, nat::Tick now, \
                                        Packet& packet)
SLUICE_OPEN_FLOW(TcpOrUdp, net::Ipv4);
SLUICE_OPEN_FLOW(TcpOrUdp, net::Ipv6);
SLUICE_OPEN_FLOW(Sctp, net::Ipv4);
SLUICE_OPEN_FLOW(Sctp, net::Ipv6);
#undef SLUICE_OPEN_FLOW

}  // namespace sluice::dataplane
