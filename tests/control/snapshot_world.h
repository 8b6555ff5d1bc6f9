#pragma once
// A cluster's plan on one link, built into snapshots: for tests of SnapshotBuilder.

#include <chrono>
#include <initializer_list>
#include <string>
#include <vector>

#include "control/snapshot_builder.h"
#include "tests/control/objects.h"

namespace sluice::control {

inline constexpr auto kQuarantine = std::chrono::hours{3};
inline constexpr int kLanLink = 6;
inline const auto kNodeMac = mac("02:00:00:00:02:11");
inline const auto kVip = ip("203.0.113.64");

// A served Service with one port on nodes 10.20.0.NUMBER.
inline PlannedService served(const std::string& name, net::Ipv4Address vip, std::initializer_list<int> nodes) {
  PlannedService planned = with_ports_of(service(name));
  planned.stage = PlannedService::Stage::kServed;
  planned.vips = {{.address = vip, .pool = "public", .reason = "first free"}};
  for (const int number : nodes) {
    const std::string node = "node-" + std::to_string(number);
    const auto address = ip("10.20.0." + std::to_string(number));
    planned.nodes.push_back({.node = node, .address = address, .state = PlannedNode::State::kIn, .weight = 1});
    planned.ports[0].backends.push_back({.node = node, .address = address});
  }
  return planned;
}

class SnapshotWorld {
 public:
  Plan plan;
  std::vector<net::IpAddress> snat_addresses;
  std::vector<net::IpAddress> kernel_addresses;
  std::vector<netlink::Neighbour> neighbours = {
      {.key = {kLanLink, ip("10.20.0.11")}, .mac = kNodeMac, .state = netlink::NeighbourState::kReachable}};

  BuiltSnapshot build(std::chrono::steady_clock::duration later = std::chrono::seconds{1}) {
    now_ += later;
    return builder_.build({.plan = plan,
                           .routes = routes_,
                           .neighbours = neighbours,
                           .links = links_,
                           .ports = ports_,
                           .snat_addresses = snat_addresses,
                           .kernel_addresses = kernel_addresses,
                           .timeouts = {},
                           .now = now_});
  }

  std::vector<BackendKey> lost() const { return builder_.lost_nodes(now_); }

 private:
  SnapshotBuilder builder_{kQuarantine, {.lost_node = std::chrono::seconds{10}, .drain = std::chrono::seconds{60}}};
  std::chrono::steady_clock::time_point now_{std::chrono::hours{1}};
  std::vector<netlink::Route> routes_ = {{.prefix = prefix("10.20.0.0/24"), .next_hops = {{.link = kLanLink}}}};
  std::vector<PortLink> links_ = {{.port = 0, .link = kLanLink, .mac = mac("02:00:00:00:00:02")}};
  std::vector<dataplane::Port> ports_ = {{.mac = mac("02:00:00:00:00:02"), .announces_vips = true, .mtu = 9000},
                                         {.mac = mac("02:00:00:00:00:01"), .mtu = 1400}};
};

inline std::uint32_t id_of(const dataplane::Snapshot& snapshot, net::Ipv4Address vip, std::uint16_t port = 80) {
  return snapshot.v4.services.find(vip, net::Be16{port}, net::IpProtocol::kTcp);
}

inline const dataplane::ServicePort<net::Ipv4>& port_of(const dataplane::Snapshot& snapshot, net::Ipv4Address vip,
                                                        std::uint16_t port = 80) {
  return snapshot.v4.service_ports.at(id_of(snapshot, vip, port));
}

inline lb::BackendId id_of_backend(const dataplane::Snapshot& snapshot, net::Ipv4Address address) {
  for (lb::BackendId id = 1; id < snapshot.v4.backends.size(); ++id) {
    if (snapshot.v4.backends[id].address == address) return id;
  }
  return lb::kNoBackend;
}

}  // namespace sluice::control
