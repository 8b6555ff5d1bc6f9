#pragma once
// The kernel's four tables as far as notifications and dumps have told. Pure: events in, plain values out.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "control/netlink/mirror.h"
#include "control/netlink/objects.h"
#include "control/netlink/parse.h"

namespace sluice::control::netlink {

enum class Table : unsigned { kLinks, kAddresses, kRoutes, kNeighbours };
inline constexpr Table kTables[] = {Table::kLinks, Table::kAddresses, Table::kRoutes, Table::kNeighbours};

class Tables {
 public:
  struct Effect {
    bool changed = false;          // The getters below show something else than before.
    bool routes_doubtful = false;  // The kernel may have changed routes without saying so: dump them.
  };

  Effect apply(const Event& event, Origin origin);
  void begin_dump(Table table);
  void abandon_dump(Table table);
  bool end_dump(Table table);  // The dump takes the table's place; answers whether that changed anything.

  std::vector<Link> links() const;  // By index.
  std::optional<Link> link(int index) const;
  std::optional<Link> link(std::string_view name) const;
  std::vector<Address> addresses() const;
  std::vector<Route> routes() const;  // The best one of each prefix.
  std::vector<Neighbour> neighbours() const;
  std::optional<Neighbour> neighbour(const NeighbourKey& key) const;

 private:
  // Prefix and metric, and the next hops: `ip route append` makes several routes of one prefix and metric.
  struct RouteKey {
    net::IpPrefix prefix;
    std::uint32_t metric = 0;
    std::vector<NextHop> next_hops;
    RouteKind kind = RouteKind::kUnicast;
    friend auto operator<=>(const RouteKey&, const RouteKey&) = default;
    bool is_sibling(const RouteKey& other) const { return prefix == other.prefix && metric == other.metric; }
  };
  struct OrderedRoute {
    Route route;
    std::size_t order = 0;  // Among those of the same prefix and metric: the first counts.
    bool usable() const { return route.kind == RouteKind::kUnreachable || !route.next_hops.empty(); }
    bool better_than(const OrderedRoute& other) const;
    friend bool operator==(const OrderedRoute&, const OrderedRoute&) = default;
  };
  struct SameUse {
    bool operator()(const Neighbour& a, const Neighbour& b) const {
      return a.usable() == b.usable() && (!a.usable() || a.mac == b.mac);
    }
  };

  Effect apply_link(const LinkEvent& event, Origin origin);
  Effect apply_address(const AddressEvent& event, Origin origin);
  Effect apply_route(const RouteEvent& event, Origin origin);
  Effect apply_neighbour(const NeighbourEvent& event, Origin origin);
  std::vector<RouteKey> siblings(const RouteKey& key, Origin origin) const;

  Mirror<int, Link> links_;
  Mirror<Address, Address> addresses_;
  Mirror<RouteKey, OrderedRoute> routes_;
  Mirror<NeighbourKey, Neighbour, SameUse> neighbours_;
};

}  // namespace sluice::control::netlink
