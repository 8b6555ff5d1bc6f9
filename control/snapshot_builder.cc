#include "control/snapshot_builder.h"

#include <algorithm>
#include <set>
#include <type_traits>

namespace sluice::control {
namespace {

using std::chrono::steady_clock;

net::IpProtocol ip_protocol(kube::Protocol protocol) {
  switch (protocol) {
    case kube::Protocol::kTcp: return net::IpProtocol::kTcp;
    case kube::Protocol::kUdp: return net::IpProtocol::kUdp;
    case kube::Protocol::kSctp: return net::IpProtocol::kSctp;
  }
  return net::IpProtocol::kTcp;
}

// What IpAddress and IpPrefix hold of a family, if it is that.
template <typename Family>
constexpr IpFamily kFamilyOf = std::is_same_v<Family, net::Ipv4> ? IpFamily::kIpv4 : IpFamily::kIpv6;

template <typename Family, typename Either>
auto as(const Either& either) {
  if constexpr (std::is_same_v<Family, net::Ipv4>) {
    return either.v4();
  } else {
    return either.v6();
  }
}

template <typename Family>
std::shared_ptr<const dataplane::RouteTable<Family>> ranges_of(const PlannedService& service) {
  if (!service.has_source_ranges) return nullptr;
  std::vector<dataplane::Route<Family>> routes;
  for (const auto& prefix : service.source_ranges) {
    if (family_of(prefix) == kFamilyOf<Family>) routes.push_back({as<Family>(prefix), {0}});
  }
  return std::make_shared<const dataplane::RouteTable<Family>>(routes);
}

ServicePortKey key_of(const PlannedService& service, const PlannedPort& port) {
  return {service.cluster, service.meta.uid, port.port, port.protocol};
}

bool is_programmed(const PlannedService& service) { return service.stage == PlannedService::Stage::kServed; }

}  // namespace

SnapshotBuilder::SnapshotBuilder(steady_clock::duration quarantine, const Patience& patience)
    : backends_{lb::kNoBackend + 1, quarantine},
      services_{0, quarantine},
      quarantine_{quarantine},
      departures_{patience} {}

BuiltSnapshot SnapshotBuilder::build(const SnapshotInput& input) {
  auto snapshot = std::make_unique<dataplane::Snapshot>();
  if (++epoch_ == 0) ++epoch_;
  snapshot->epoch = epoch_;
  snapshot->timeouts = input.timeouts;
  snapshot->ports.assign(input.ports.begin(), input.ports.end());
  snapshot->fits_everywhere = dataplane::frame_max(input.ports);
  keep_known(input.plan, input.now);
  const NextHops hops = find_ways(input);
  note_departures(input.plan, hops, input.now);
  note_ways_back(input.plan);
  add_family(input, snapshot->v4);
  add_family(input, snapshot->v6);
  snapshot->next_hops = hops.next_hops;
  snapshot->v4.routes = dataplane::RouteTable4{hops.routes4};
  snapshot->v6.routes = dataplane::RouteTable6{hops.routes6};
  add_backends(hops, input.now, snapshot->v4);
  add_backends(hops, input.now, snapshot->v6);
  return {std::move(snapshot), hops.wanted, departures_.next_deadline(input.now)};
}

NextHops SnapshotBuilder::find_ways(const SnapshotInput& input) const {
  std::vector<net::IpAddress> backends;
  for (const auto& [key, id] : backends_.ids()) backends.push_back(key.address);
  return plan_next_hops(
      {.routes = input.routes, .neighbours = input.neighbours, .ports = input.links, .backends = backends});
}

// Who is silent himself: not a node without a route, which is the configuration's trouble, nor one whose router is
// silent. A wire on which nobody answers is our own trouble and says nothing of its nodes.
void SnapshotBuilder::note_departures(const Plan& plan, const NextHops& hops, steady_clock::time_point now) {
  using Kind = dataplane::NextHop::Kind;
  std::set<std::uint16_t> live_ports;
  for (const auto& hop : hops.next_hops) {
    if (hop.kind == Kind::kResolved) live_ports.insert(hop.port);
  }
  std::map<lb::BackendId, bool> is_reachable;
  for (const auto& [key, id] : backends_.ids()) {
    const auto way = hops.backends.find(key.address);
    const auto* hop = way == hops.backends.end() ? nullptr : &hops.next_hops[way->second.next_hop];
    is_reachable[id] = hop == nullptr || !way->second.is_neighbour || hop->kind != Kind::kUnresolved ||
                       !live_ports.contains(hop->port);
  }
  departures_.note_nodes(is_reachable, now);
  std::map<std::uint32_t, std::set<lb::BackendId>> members;
  for (const auto& service : plan.services) {
    if (!is_programmed(service)) continue;
    for (const auto& port : service.ports) {
      auto& ids = members[services_.id_of(key_of(service, port), now)];
      for (const auto& backend : port.backends) ids.insert(backends_.id_of({service.cluster, backend.address}, now));
    }
  }
  departures_.note_ports(members, now);
}

std::vector<BackendKey> SnapshotBuilder::lost_nodes(steady_clock::time_point now) const {
  std::vector<BackendKey> lost;
  for (const auto& [key, id] : backends_.ids()) {
    if (backends_in_plan_.contains(key) && departures_.is_lost(id, now)) lost.push_back(key);
  }
  return lost;
}

template <typename Family>
void SnapshotBuilder::add_family(const SnapshotInput& input, dataplane::FamilySnapshot<Family>& snapshot) {
  for (const auto& address : input.snat_addresses) {
    if (family_of(address) != kFamilyOf<Family>) continue;
    snapshot.snat_addresses.push_back(as<Family>(address));
    const bool is_the_kernels = std::ranges::find(input.kernel_addresses, address) != input.kernel_addresses.end();
    if (!is_the_kernels) snapshot.answered_addresses.push_back(as<Family>(address));
  }
  std::ranges::sort(snapshot.answered_addresses);
  snapshot.service_ports.resize(services_.end());
  std::vector<lb::ServiceEntry<Family>> entries;
  for (const auto& service : input.plan.services) {
    const PlannedVip* vip = service.vip(kFamilyOf<Family>);
    if (is_programmed(service) && vip != nullptr) {
      add_service(service, as<Family>(vip->address), input.now, snapshot, entries);
    }
  }
  snapshot.services = lb::ServiceTable<Family>{entries};
  snapshot.keeps_clients = keeps_clients_;
  add_ways_back(snapshot);
}

void SnapshotBuilder::note_ways_back(const Plan& plan) {
  std::erase_if(ways_back_, [&](const auto& way) { return !services_.ids().contains(way.second); });
  for (const auto& service : plan.services) {
    if (!is_programmed(service) || !lb::keeps_client(service.delivery)) continue;
    keeps_clients_ = true;
    if (!lb::needs_node_port(service.delivery)) continue;
    for (const auto& port : service.ports)
      ways_back_.insert_or_assign({service.cluster, port.node_port, port.protocol}, key_of(service, port));
  }
}

template <typename Family>
void SnapshotBuilder::add_ways_back(dataplane::FamilySnapshot<Family>& snapshot) const {
  if (ways_back_.empty()) return;
  std::map<std::string, std::uint32_t> clusters;
  const auto number_of = [&](const std::string& cluster) {
    return clusters.try_emplace(cluster, static_cast<std::uint32_t>(clusters.size())).first->second;
  };
  for (const auto& [key, service] : ways_back_) {
    snapshot.ways_back.add_port(number_of(key.cluster), net::Be16{key.node_port}, ip_protocol(key.protocol),
                                services_.ids().at(service));
  }
  for (const auto& [key, id] : backends_.ids()) {
    if (family_of(key.address) == kFamilyOf<Family>)
      snapshot.ways_back.add_node(as<Family>(key.address), number_of(key.cluster));
  }
}

// Ids of Services that are gone are given back at once. Nodes are not: a flow to a node that left the API goes on as
// long as the node answers it.
void SnapshotBuilder::keep_known(const Plan& plan, steady_clock::time_point now) {
  for (const auto& key : backends_in_plan_) backends_seen_[key] = now;  // Until now: builds may be hours apart.
  backends_in_plan_.clear();
  std::set<ServicePortKey> services;
  for (const auto& service : plan.services) {
    if (!is_programmed(service)) continue;
    for (const auto& port : service.ports) services.insert(key_of(service, port));
    for (const auto& node : service.nodes) {
      if (!node.address) continue;
      backends_in_plan_.insert({service.cluster, *node.address});
    }
  }
  for (const auto& key : backends_in_plan_) backends_seen_[key] = now;
  std::erase_if(backends_seen_, [&](const auto& seen) { return now - seen.second > quarantine_; });
  std::set<BackendKey> backends;
  for (const auto& [key, when] : backends_seen_) backends.insert(key);
  backends_.keep_only(backends, now);
  for (const auto& key : backends) backends_.id_of(key, now);
  services_.keep_only(services, now);
  for (const auto& key : services) services_.id_of(key, now);
}

template <typename Family>
void SnapshotBuilder::add_service(const PlannedService& service, const typename Family::Address& vip,
                                  steady_clock::time_point now, dataplane::FamilySnapshot<Family>& snapshot,
                                  std::vector<lb::ServiceEntry<Family>>& entries) {
  const auto ranges = ranges_of<Family>(service);
  for (const auto& port : service.ports) {
    const auto id = services_.id_of(key_of(service, port), now);
    const auto protocol = ip_protocol(port.protocol);
    snapshot.service_ports[id] = {.vip = vip,
                                  .port = net::Be16{port.port},
                                  .node_port = net::Be16{port.node_port},
                                  .protocol = protocol,
                                  .affinity_seconds = service.affinity_seconds,
                                  .limit = service.connection_limit,
                                  .group = services_.id_of(key_of(service, service.ports.front()), now),
                                  .delivery = service.delivery,
                                  .table = table_of(service, port, kFamilyOf<Family>, now),
                                  .source_ranges = ranges,
                                  .drained = departures_.drained(id, now)};
    // Without an entry nothing new finds it, and open flows go on: it may have been served in another way until now.
    if (port.is_served()) entries.push_back({.key = {vip, net::Be16{port.port}, protocol}, .index = id});
  }
}

std::shared_ptr<const lb::MaglevTable> SnapshotBuilder::table_of(const PlannedService& service, const PlannedPort& port,
                                                                 IpFamily family, steady_clock::time_point now) {
  std::vector<lb::MaglevMember> members;
  for (const auto& backend : port.backends) {
    if (family_of(backend.address) != family) continue;
    const auto id = backends_.id_of({service.cluster, backend.address}, now);
    if (departures_.is_lost(id, now)) continue;
    members.push_back({.id = id,
                       .identity = lb::identity_of(service.cluster + "/" + backend.address.to_string()),
                       .weight = backend.weight});
  }
  return tables_.get(members);
}

template <typename Family>
void SnapshotBuilder::add_backends(const NextHops& hops, steady_clock::time_point now,
                                   dataplane::FamilySnapshot<Family>& snapshot) const {
  snapshot.backends.resize(backends_.end());
  for (const auto& [key, id] : backends_.ids()) {
    if (family_of(key.address) != kFamilyOf<Family>) continue;
    const auto found = hops.backends.find(key.address);
    const BackendHop hop = found == hops.backends.end() ? BackendHop{} : found->second;
    snapshot.backends[id] = {
        .address = as<Family>(key.address),
        .next_hop = hop.next_hop,
        .state = departures_.is_lost(id, now) ? lb::BackendState::kDown : lb::BackendState::kActive,
        .is_neighbour = hop.is_neighbour};
  }
}

}  // namespace sluice::control
