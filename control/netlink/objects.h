#pragma once
// What we know of the kernel's network: links, addresses, routes, neighbours, as plain values.
//
// Links are named by the kernel's interface index (1 and up; never used twice while a link lives).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/address.h"

namespace sluice::control::netlink {

struct Link {
  int index = 0;
  std::string name;
  net::MacAddress mac;    // Zero for links that have none (loopback, tun).
  std::uint32_t mtu = 0;  // bytes
  bool up = false;        // Somebody wants it up.
  bool running = false;   // And it can carry packets (IFF_RUNNING: carrier and operational state).
  friend bool operator==(const Link&, const Link&) = default;
};

struct Address {
  int link = 0;
  net::IpAddress address;
  std::uint8_t prefix_length = 0;
  friend auto operator<=>(const Address&, const Address&) = default;
};

struct NextHop {
  int link = 0;
  std::optional<net::IpAddress>
      gateway;               // None: the destination itself is on the link. May be IPv6 for IPv4 (RTA_VIA).
  std::uint16_t weight = 1;  // Share among the next hops of its route, 1 to 256.
  friend auto operator<=>(const NextHop&, const NextHop&) = default;
};

enum class RouteKind : std::uint8_t {
  kUnicast,      // Goes to one of the next hops.
  kUnreachable,  // Blackhole, unreachable or prohibit: a hole in wider prefixes. Has no next hops.
};

struct Route {
  net::IpPrefix prefix;
  std::uint32_t metric = 0;  // The lowest of a prefix counts.
  RouteKind kind = RouteKind::kUnicast;
  std::vector<NextHop> next_hops;        // Only those that are alive.
  std::optional<net::IpAddress> source;  // Preferred source address.
  friend bool operator==(const Route&, const Route&) = default;
};

struct NeighbourKey {
  int link = 0;
  net::IpAddress address;
  friend auto operator<=>(const NeighbourKey&, const NeighbourKey&) = default;
};

enum class NeighbourState : std::uint8_t {  // RFC 4861 7.3.2, for ARP as well.
  kNone,
  kIncomplete,
  kReachable,
  kStale,
  kDelay,
  kProbe,
  kFailed,
  kNoArp,
  kPermanent,
};

struct Neighbour {
  NeighbourKey key;
  net::MacAddress mac;  // Meaningful when usable().
  NeighbourState state = NeighbourState::kNone;

  // Packets can be sent to `mac`. True also while the kernel checks whether the neighbour is still there.
  bool usable() const {
    return state != NeighbourState::kNone && state != NeighbourState::kIncomplete && state != NeighbourState::kFailed;
  }
};

}  // namespace sluice::control::netlink
