#include "dataplane/route_table.h"

#include <algorithm>
#include <tuple>

namespace sluice::dataplane {
namespace {

template <typename Family>
struct Range {
  typename Family::Address::Number first;
  typename Family::Address::Number last;
  std::uint16_t target;
};

// Outer prefixes before the inner ones that start at the same address; equal ones in their given order.
template <typename Family>
std::vector<Range<Family>> sorted_ranges(std::span<const Route<Family>> routes) {
  std::vector<Range<Family>> ranges;
  ranges.reserve(routes.size());
  for (const auto& route : routes) {
    ranges.push_back({route.prefix.first().number(), route.prefix.last().number(), route.target.next_hop});
  }
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const auto& a, const auto& b) { return std::tie(a.first, b.last) < std::tie(b.first, a.last); });
  return ranges;
}

}  // namespace

template <typename Family>
RouteTable<Family>::RouteTable() : RouteTable(std::span<const Route<Family>>{}) {}

template <typename Family>
RouteTable<Family>::RouteTable(std::span<const Route<Family>> routes) {
  std::vector<Range<Family>> open;  // The ranges around the sweep's place, the innermost last.
  const auto close_innermost = [&] {
    const Number last = open.back().last;
    open.pop_back();
    if (last != static_cast<Number>(~Number{0}))
      append(static_cast<Number>(last + 1), open.empty() ? kNoRoute : open.back().target);
  };
  append(0, kNoRoute);
  for (const Range<Family>& range : sorted_ranges(routes)) {
    while (!open.empty() && open.back().last < range.first) close_innermost();
    append(range.first, range.target);
    open.push_back(range);
  }
  while (!open.empty()) close_innermost();
  starts_.shrink_to_fit();
  targets_.shrink_to_fit();
}

// Starts come in ascending order; one that comes again replaces what was said before. Equal neighbours become one.
template <typename Family>
void RouteTable<Family>::append(Number start, std::uint16_t target) {
  if (!starts_.empty() && starts_.back() == start) {
    starts_.pop_back();
    targets_.pop_back();
  }
  if (!targets_.empty() && targets_.back() == target) return;
  starts_.push_back(start);
  targets_.push_back(target);
}

template class RouteTable<net::Ipv4>;
template class RouteTable<net::Ipv6>;

}  // namespace sluice::dataplane
