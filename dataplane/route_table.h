#pragma once
// Longest-prefix match over one family for snapshots: built once, then only read, by any number of workers.
//
// The prefixes are flattened into disjoint ranges: sorted first addresses beside their targets. A lookup is one binary
// search without unpredictable branches, log2(ranges) steps: 4 lines of cache for the dozen routes of most boxes. N
// prefixes give at most 2 N + 1 ranges of 6 bytes (IPv6: 18), so that a full table of the Internet (1 M prefixes) takes
// 12 MB.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "net/address.h"

namespace sluice::dataplane {

inline constexpr std::uint16_t kNoRoute = 0xffff;

struct RouteTarget {
  std::uint16_t next_hop = kNoRoute;  // Index into the snapshot's next hops; kNoRoute makes a hole ("unreachable").
};

template <typename Family>
struct Route {
  net::Prefix<Family> prefix;
  RouteTarget target;
};

template <typename Family>
class RouteTable {
 public:
  using Address = typename Family::Address;
  using Number = typename Address::Number;

  RouteTable();  // No routes.
  // In any order. Of equal prefixes the last one counts. Bits of an address behind its prefix do not matter.
  explicit RouteTable(std::span<const Route<Family>> routes);

  // Next hop of the longest prefix that holds `destination`, or kNoRoute.
  std::uint16_t find(const Address& destination) const {
    const Number wanted = destination.number();
    const Number* first = starts_.data();
    for (std::size_t count = starts_.size(); count > 1;) {
      const std::size_t half = count / 2;
      first += static_cast<std::size_t>(first[half] <= wanted) * half;
      count -= half;
    }
    return targets_[static_cast<std::size_t>(first - starts_.data())];
  }

  std::size_t range_count() const { return starts_.size(); }
  std::size_t memory_bytes() const {
    return starts_.capacity() * sizeof(Number) + targets_.capacity() * sizeof(std::uint16_t);
  }

 private:
  void append(Number start, std::uint16_t target);

  std::vector<Number> starts_;          // First address of each range, ascending; the first range starts at zero.
  std::vector<std::uint16_t> targets_;  // Of the same index.
};

using Route4 = Route<net::Ipv4>;
using Route6 = Route<net::Ipv6>;
using RouteTable4 = RouteTable<net::Ipv4>;
using RouteTable6 = RouteTable<net::Ipv6>;

}  // namespace sluice::dataplane
