#pragma once
// The small network that all packet cases play in, and its snapshot.
//
//   client 198.51.100.10 ── router 203.0.113.1 ──[port 0 "wan" | appliance | port 1 "lan"]── nodes 10.20.0.11 … .14
//   neighbour 203.0.113.9 stands on the wan link itself
//
// VIP 203.0.113.64: tcp 80 → node 1 (30080), udp 53 → node 1 (30053), tcp 443: no usable node, tcp 8443 → node 3, whose
// MAC address is unknown, tcp 8080 → node 1 but only for clients in 192.0.2.0/24, tcp 3306 → node 4, which has no
// route, sctp 2905 → node 1 (30905), sctp 3868: no usable node.

#include <cstdint>
#include <memory>

#include "dataplane/snapshot.h"
#include "tests/cases/wire.h"

namespace sluice::cases {

inline const auto kClient = ip("198.51.100.10");
inline const auto kNeighbour = ip("203.0.113.9");  // A client on the wan link itself.
inline const auto kUnroutable = ip("192.0.2.77");
inline const auto kVip = ip("203.0.113.64");
inline const auto kWanAddress = ip("203.0.113.2");  // The kernel's own.
inline const auto kSnat = ip("10.20.0.2");          // The kernel's own, too.
inline const auto kSnatOnly = ip("10.20.0.250");    // Ours alone: nothing but flows behind it.
inline const auto kNode1 = ip("10.20.0.11");
inline const auto kNode2 = ip("10.20.0.12");
inline const auto kNode3 = ip("10.20.0.13");
inline const auto kNode4 = ip("10.99.0.14");

// The same in IPv6: VIP tcp 80 → node 1 (30080), udp 53 → node 1 (30053), sctp 2905 → node 1 (30905).
inline const auto kClient6 = ip6("2001:db8:c::10");
inline const auto kVip6 = ip6("2001:db8:64::1");
inline const auto kWanAddress6 = ip6("2001:db8:0::2");  // The kernel's own.
inline const auto kSnat6 = ip6("fd00:20::250");         // Ours alone.
inline const auto kNode1V6 = ip6("fd00:20::11");

inline const auto kWanMac = mac("02:00:00:00:00:01");
inline const auto kLanMac = mac("02:00:00:00:00:02");
inline const auto kRouterMac = mac("02:00:00:00:01:01");
inline const auto kNeighbourMac = mac("02:00:00:00:01:09");
inline const auto kNode1Mac = mac("02:00:00:00:02:11");
inline const auto kNode2Mac = mac("02:00:00:00:02:12");

inline constexpr std::uint16_t kWan = 0;
inline constexpr std::uint16_t kLan = 1;
inline constexpr std::uint16_t kWanMtu = 1500;
inline constexpr std::uint16_t kLanMtu = 1600;

// BackendIds and service ids of the world.
inline constexpr lb::BackendId kBackend1 = 1, kBackend2 = 2, kBackend3 = 3, kBackend4 = 4;
enum ServiceId : std::uint32_t {
  kHttp,
  kDns,
  kHttps,
  kAlternate,
  kRestricted,
  kDatabase,
  kSignalling,
  kDiameter,
  kServiceCount
};

struct Change {  // What differs from the world above.
  lb::BackendId http_backend = kBackend1;
  lb::BackendId dns_backend = kBackend1;
  lb::BackendId signalling_backend = kBackend1;
  bool http_exists = true;
  std::uint16_t dns_node_port = 30053;
  bool signalling_exists = true;
  bool next_hops_shifted = false;  // The same next hops under other indexes, as after a change of routes.
  lb::BackendState backend1_state = lb::BackendState::kActive;
  lb::Delivery delivery = lb::Delivery::kFullNat;  // Of all services.
  bool backend1_is_neighbour = true;
  bool backend1_is_drained = false;    // For all services.
  dataplane::ConnectionLimit limit{};  // Of all services.
};

std::unique_ptr<dataplane::Snapshot> make_snapshot(std::uint32_t epoch, const Change& change = {});

}  // namespace sluice::cases
