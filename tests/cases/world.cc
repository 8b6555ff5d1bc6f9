#include "tests/cases/world.h"

#include <array>
#include <vector>

namespace sluice::cases {
namespace {

using dataplane::NextHop;

std::shared_ptr<const lb::MaglevTable> table_of(lb::BackendId id) {
  if (id == lb::kNoBackend) return lb::MaglevTable::build({}, 7);
  const std::array members{lb::MaglevMember{.id = id, .identity = id * 1000U, .weight = 1}};
  return lb::MaglevTable::build(members, 7);
}

net::Ipv4Prefix prefix(const char* text) { return *net::Ipv4Prefix::parse(text); }

void add_ipv6(dataplane::Snapshot& snapshot, const Change& change) {
  auto& v6 = snapshot.v6;
  const std::array routes{dataplane::Route6{*net::Ipv6Prefix::parse("::/0"),
                                            {static_cast<std::uint16_t>(change.next_hops_shifted ? 1 : 0)}}};
  v6.routes = dataplane::RouteTable6{routes};
  v6.backends = {{},
                 {.address = kNode1V6,
                  .next_hop = snapshot.v4.backends[1].next_hop,
                  .state = change.backend1_state,
                  .is_neighbour = change.backend1_is_neighbour}};
  v6.snat_addresses = v6.answered_addresses = {kSnat6};
  v6.service_ports.resize(kServiceCount);
  std::vector<lb::ServiceEntry<net::Ipv6>> entries;
  for (const auto id : {kHttp, kDns, kSignalling}) {
    const auto& v4 = snapshot.v4.service_ports[id];
    if (v4.table == nullptr) continue;
    v6.service_ports[id] = {.vip = kVip6,
                            .port = v4.port,
                            .node_port = v4.node_port,
                            .protocol = v4.protocol,
                            .delivery = change.delivery,
                            .table = table_of(kBackend1)};
    entries.push_back({{kVip6, v4.port, v4.protocol}, id});
  }
  v6.services = lb::ServiceTable6{entries};
}

void add_services(dataplane::Snapshot& snapshot, const Change& change) {
  struct Row {
    ServiceId id;
    net::IpProtocol protocol;
    std::uint16_t port, node_port;
    lb::BackendId backend;
  };
  const Row rows[] = {{kHttp, net::IpProtocol::kTcp, 80, 30080, change.http_backend},
                      {kDns, net::IpProtocol::kUdp, 53, change.dns_node_port, change.dns_backend},
                      {kHttps, net::IpProtocol::kTcp, 443, 30443, lb::kNoBackend},
                      {kAlternate, net::IpProtocol::kTcp, 8443, 30843, kBackend3},
                      {kRestricted, net::IpProtocol::kTcp, 8080, 30880, kBackend1},
                      {kDatabase, net::IpProtocol::kTcp, 3306, 30306, kBackend4},
                      {kSignalling, net::IpProtocol::kSctp, 2905, 30905, change.signalling_backend},
                      {kDiameter, net::IpProtocol::kSctp, 3868, 30868, lb::kNoBackend}};
  std::vector<lb::ServiceEntry<net::Ipv4>> entries;
  snapshot.v4.service_ports.resize(kServiceCount);
  for (const auto& row : rows) {
    if (row.id == kHttp && !change.http_exists) continue;
    if (row.id == kSignalling && !change.signalling_exists) continue;
    entries.push_back({{kVip, net::Be16{row.port}, row.protocol}, row.id});
    snapshot.v4.service_ports[row.id] = {.vip = kVip,
                                         .port = net::Be16{row.port},
                                         .node_port = net::Be16{row.node_port},
                                         .protocol = row.protocol,
                                         .delivery = change.delivery,
                                         .table = table_of(row.backend)};
  }
  const std::array allowed{dataplane::Route4{prefix("192.0.2.0/24"), {0}}};
  snapshot.v4.service_ports[kRestricted].source_ranges = std::make_shared<const dataplane::RouteTable4>(allowed);
  snapshot.v4.services = lb::ServiceTable4{entries};
}

template <typename Family>
void add_ways_back(dataplane::FamilySnapshot<Family>& snapshot) {
  constexpr std::uint32_t kCluster = 0;
  for (const auto& backend : snapshot.backends) snapshot.ways_back.add_node(backend.address, kCluster);
  for (std::uint32_t id = 0; id < snapshot.service_ports.size(); ++id) {
    const auto& port = snapshot.service_ports[id];
    if (port.table != nullptr) snapshot.ways_back.add_port(kCluster, port.node_port, port.protocol, id);
  }
}

}  // namespace

std::unique_ptr<dataplane::Snapshot> make_snapshot(std::uint32_t epoch, const Change& change) {
  auto snapshot = std::make_unique<dataplane::Snapshot>();
  snapshot->epoch = epoch;
  snapshot->ports = {{.mac = kWanMac, .announces_vips = true, .mtu = kWanMtu},
                     {.mac = kLanMac, .announces_vips = false, .mtu = kLanMtu}};
  snapshot->fits_everywhere = dataplane::frame_max(snapshot->ports);
  snapshot->next_hops = {
      {.destination = kRouterMac, .source = kWanMac, .port = kWan, .kind = NextHop::Kind::kResolved},
      {.source = kWanMac, .port = kWan, .kind = NextHop::Kind::kOnLink},
      {.destination = kNode1Mac, .source = kLanMac, .port = kLan, .kind = NextHop::Kind::kResolved},
      {.destination = kNode2Mac, .source = kLanMac, .port = kLan, .kind = NextHop::Kind::kResolved},
      {.source = kLanMac, .port = kLan, .kind = NextHop::Kind::kUnresolved},
      {.source = kLanMac, .port = kLan, .kind = NextHop::Kind::kOnLink},
  };
  const auto shift = static_cast<std::uint16_t>(change.next_hops_shifted ? 1 : 0);
  if (change.next_hops_shifted) snapshot->next_hops.insert(snapshot->next_hops.begin(), NextHop{});
  const std::array routes{dataplane::Route4{prefix("0.0.0.0/0"), {shift}},
                          dataplane::Route4{prefix("203.0.113.0/24"), {static_cast<std::uint16_t>(1 + shift)}},
                          dataplane::Route4{prefix("10.20.0.0/24"), {static_cast<std::uint16_t>(5 + shift)}},
                          dataplane::Route4{prefix("192.0.2.64/26"), {dataplane::kNoRoute}}};
  snapshot->v4.routes = dataplane::RouteTable4{routes};
  snapshot->v4.backends = {
      {},
      {.address = kNode1, .next_hop = 2, .state = change.backend1_state, .is_neighbour = change.backend1_is_neighbour},
      {.address = kNode2, .next_hop = 3, .state = lb::BackendState::kActive, .is_neighbour = true},
      {.address = kNode3, .next_hop = 4, .state = lb::BackendState::kActive},
      {.address = kNode4, .next_hop = dataplane::kNoRoute, .state = lb::BackendState::kActive}};
  for (auto& backend : snapshot->v4.backends) {
    if (backend.next_hop != dataplane::kNoRoute)
      backend.next_hop = static_cast<std::uint16_t>(backend.next_hop + shift);
  }
  snapshot->v4.snat_addresses = {kSnat, kSnatOnly};
  snapshot->v4.answered_addresses = {kSnatOnly};
  snapshot->v4.keeps_clients = snapshot->v6.keeps_clients = lb::keeps_client(change.delivery);
  add_services(*snapshot, change);
  add_ipv6(*snapshot, change);
  add_ways_back(snapshot->v4);
  add_ways_back(snapshot->v6);
  const auto change_each = [&](auto& service_ports) {
    for (auto& port : service_ports) {
      if (change.backend1_is_drained) port.drained = {kBackend1};
      port.limit = change.limit;
    }
  };
  change_each(snapshot->v4.service_ports);
  change_each(snapshot->v6.service_ports);
  return snapshot;
}

}  // namespace sluice::cases
