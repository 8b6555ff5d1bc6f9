#include "control/next_hops.h"

#include <algorithm>
#include <optional>
#include <set>

namespace sluice::control {
namespace {

using dataplane::kNoRoute;
using dataplane::NextHop;

// A neighbour on one of our ports, or (without address) whoever is on the link.
struct HopKey {
  int link = 0;
  std::optional<net::IpAddress> address;
  friend auto operator<=>(const HopKey&, const HopKey&) = default;
};

class Planner {
 public:
  explicit Planner(const NextHopInput& input) : input_{input}, backends_{input.backends.begin(), input.backends.end()} {
    for (const auto& port : input.ports) ports_[port.link] = &port;
    for (const auto& neighbour : input.neighbours) neighbours_[neighbour.key] = &neighbour;
  }

  // The first next hop that leaves by a port of ours. Several (multipath) need no balance of their own here: routers
  // behind them see the same destinations.
  std::optional<HopKey> hop_of(const netlink::Route& route) const {
    for (const auto& hop : route.next_hops) {
      if (ports_.contains(hop.link)) return HopKey{hop.link, hop.gateway};
    }
    return std::nullopt;
  }

  std::uint16_t index_of(const HopKey& key) {
    const auto known = indexes_.find(key);
    if (known != indexes_.end()) return known->second;
    if (plan_.next_hops.size() >= kNoRoute) return kNoRoute;
    const PortLink& port = *ports_.at(key.link);
    NextHop hop{.source = port.mac, .port = port.port};
    hop.is_backend = key.address && backends_.contains(*key.address);
    if (!key.address) {
      hop.kind = NextHop::Kind::kOnLink;
    } else if (const auto mac = resolved({key.link, *key.address})) {
      hop.kind = NextHop::Kind::kResolved;
      hop.destination = *mac;
    }
    const auto index = static_cast<std::uint16_t>(plan_.next_hops.size());
    plan_.next_hops.push_back(hop);
    keys_.push_back(key);
    indexes_[key] = index;
    if (key.address) plan_.wanted.push_back({key.link, *key.address});
    return index;
  }

  NextHops plan() {
    for (const auto& route : input_.routes) {
      const auto hop = hop_of(route);
      // A hole, or a way out that is not ours: covers the wider prefixes behind it all the same.
      const dataplane::RouteTarget target{hop ? index_of(*hop) : kNoRoute};
      if (route.prefix.is_v4()) {
        plan_.routes4.push_back({route.prefix.v4(), target});
      } else {
        plan_.routes6.push_back({route.prefix.v6(), target});
      }
    }
    const dataplane::RouteTable4 table4{plan_.routes4};
    const dataplane::RouteTable6 table6{plan_.routes6};
    for (const auto& backend : input_.backends) {
      const std::uint16_t found = backend.is_v4() ? table4.find(backend.v4()) : table6.find(backend.v6());
      if (found == kNoRoute) continue;
      HopKey hop = keys_[found];
      const bool is_neighbour = !hop.address;
      if (is_neighbour) hop.address = backend;
      const std::uint16_t index = index_of(hop);
      if (index != kNoRoute) plan_.backends[backend] = {index, is_neighbour};
    }
    return std::move(plan_);
  }

 private:
  std::optional<net::MacAddress> resolved(const netlink::NeighbourKey& key) const {
    const auto found = neighbours_.find(key);
    if (found == neighbours_.end() || !found->second->usable()) return std::nullopt;
    return found->second->mac;
  }

  const NextHopInput& input_;
  std::set<net::IpAddress> backends_;
  std::map<int, const PortLink*> ports_;
  std::map<netlink::NeighbourKey, const netlink::Neighbour*> neighbours_;
  std::map<HopKey, std::uint16_t> indexes_;
  std::vector<HopKey> keys_;  // By index of the next hop.
  NextHops plan_;
};

}  // namespace

NextHops plan_next_hops(const NextHopInput& input) { return Planner{input}.plan(); }

}  // namespace sluice::control
