#include "control/netlink/tables.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace sluice::control::netlink {
namespace {

template <typename Map>
auto values_of(const Map& map) {
  std::vector<typename Map::mapped_type> values;
  values.reserve(map.size());
  for (const auto& entry : map) values.push_back(entry.second);
  return values;
}

template <typename Map>
std::optional<typename Map::mapped_type> find_in(const Map& map, const typename Map::key_type& key) {
  const auto found = map.find(key);
  if (found == map.end()) return std::nullopt;
  return found->second;
}

}  // namespace

Tables::Effect Tables::apply(const Event& event, Origin origin) {
  if (const auto* link = std::get_if<LinkEvent>(&event)) return apply_link(*link, origin);
  if (const auto* address = std::get_if<AddressEvent>(&event)) return apply_address(*address, origin);
  if (const auto* route = std::get_if<RouteEvent>(&event)) return apply_route(*route, origin);
  if (const auto* neighbour = std::get_if<NeighbourEvent>(&event)) return apply_neighbour(*neighbour, origin);
  return {};
}

// The kernel flushes routes with a link that goes down or away, and revives the next hops of multipath routes when it
// comes back; IPv4 sends no notification of either.
Tables::Effect Tables::apply_link(const LinkEvent& event, Origin origin) {
  const int index = event.link.index;
  if (event.change == Change::kRemoved) {
    return {.changed = links_.remove(index), .routes_doubtful = true};
  }
  const auto before = link(index);
  const bool same_state = before && before->up == event.link.up && before->running == event.link.running;
  return {.changed = links_.set(origin, index, event.link),
          .routes_doubtful = origin == Origin::kNotification && !(same_state && event.link.up)};
}

// Routes that prefer an address as their source go with it, silently.
Tables::Effect Tables::apply_address(const AddressEvent& event, Origin origin) {
  if (event.change == Change::kRemoved) {
    return {.changed = addresses_.remove(event.address), .routes_doubtful = true};
  }
  return {.changed = addresses_.set(origin, event.address, event.address)};
}

Tables::Effect Tables::apply_route(const RouteEvent& event, Origin origin) {
  const RouteKey key{.prefix = event.route.prefix,
                     .metric = event.route.metric,
                     .next_hops = event.all_next_hops,
                     .kind = event.route.kind};
  std::vector<RouteKey> others = siblings(key, origin);
  std::erase(others, key);
  if (event.change == Change::kRemoved) {
    const bool removed = routes_.remove(key);
    return {.changed = removed, .routes_doubtful = !removed || !others.empty()};
  }
  if (origin == Origin::kDump) {  // Comes in the kernel's order of precedence.
    routes_.set(origin, key, {event.route, others.size()});
    return {};
  }
  Effect effect;
  // Which of several was replaced, or where among several a new one stands, only a dump can tell.
  effect.routes_doubtful = others.size() > (event.replaces ? 1U : 0U) || (event.replaces && routes_.dumping());
  if (event.replaces && others.size() == 1) {
    effect.changed = routes_.remove(others.front());
    others.clear();
  }
  effect.changed |= routes_.set(origin, key, {event.route, others.size()});
  return effect;
}

Tables::Effect Tables::apply_neighbour(const NeighbourEvent& event, Origin origin) {
  const NeighbourKey& key = event.neighbour.key;
  if (event.change == Change::kRemoved) return {.changed = neighbours_.remove(key)};
  return {.changed = neighbours_.set(origin, key, event.neighbour)};
}

std::vector<Tables::RouteKey> Tables::siblings(const RouteKey& key, Origin origin) const {
  const auto& routes = routes_.content(origin);
  std::vector<RouteKey> found;
  auto place = routes.lower_bound({.prefix = key.prefix, .metric = key.metric});
  for (; place != routes.end() && place->first.is_sibling(key); ++place) found.push_back(place->first);
  return found;
}

void Tables::begin_dump(Table table) {
  switch (table) {
    case Table::kLinks: return links_.begin_dump();
    case Table::kAddresses: return addresses_.begin_dump();
    case Table::kRoutes: return routes_.begin_dump();
    case Table::kNeighbours: return neighbours_.begin_dump();
  }
}

void Tables::abandon_dump(Table table) {
  switch (table) {
    case Table::kLinks: return links_.abandon_dump();
    case Table::kAddresses: return addresses_.abandon_dump();
    case Table::kRoutes: return routes_.abandon_dump();
    case Table::kNeighbours: return neighbours_.abandon_dump();
  }
}

bool Tables::end_dump(Table table) {
  switch (table) {
    case Table::kLinks: return links_.end_dump();
    case Table::kAddresses: return addresses_.end_dump();
    case Table::kRoutes: return routes_.end_dump();
    case Table::kNeighbours: return neighbours_.end_dump();
  }
  return false;
}

std::vector<Link> Tables::links() const { return values_of(links_.content()); }
std::optional<Link> Tables::link(int index) const { return find_in(links_.content(), index); }

std::optional<Link> Tables::link(std::string_view name) const {
  for (const auto& entry : links_.content()) {
    if (entry.second.name == name) return entry.second;
  }
  return std::nullopt;
}

std::vector<Address> Tables::addresses() const { return values_of(addresses_.content()); }
std::vector<Neighbour> Tables::neighbours() const { return values_of(neighbours_.content()); }
std::optional<Neighbour> Tables::neighbour(const NeighbourKey& key) const {
  return find_in(neighbours_.content(), key);
}

bool Tables::OrderedRoute::better_than(const OrderedRoute& other) const {
  return std::tie(route.metric, order) < std::tie(other.route.metric, other.order);
}

std::vector<Route> Tables::routes() const {
  std::vector<Route> best_ones;
  const auto& routes = routes_.content();
  for (auto place = routes.begin(); place != routes.end();) {
    const net::IpPrefix prefix = place->first.prefix;
    const OrderedRoute* best = nullptr;
    for (; place != routes.end() && place->first.prefix == prefix; ++place) {
      const OrderedRoute& candidate = place->second;
      if (candidate.usable() && (best == nullptr || candidate.better_than(*best))) best = &candidate;
    }
    if (best != nullptr) best_ones.push_back(best->route);
  }
  return best_ones;
}

}  // namespace sluice::control::netlink
