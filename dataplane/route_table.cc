#include "dataplane/route_table.h"

#include <algorithm>
#include <tuple>

namespace sluice::dataplane {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
  std::uint16_t target;
};

// Outer prefixes before the inner ones that start at the same address; equal ones in their given order.
std::vector<Range> sorted_ranges(std::span<const Route> routes) {
  std::vector<Range> ranges;
  ranges.reserve(routes.size());
  for (const Route& route : routes) {
    ranges.push_back({route.prefix.first().value.host(), route.prefix.last().value.host(), route.target.next_hop});
  }
  std::stable_sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
    return std::tie(a.first, b.last) < std::tie(b.first, a.last);
  });
  return ranges;
}

}  // namespace

RouteTable::RouteTable() : RouteTable(std::span<const Route>{}) {}

RouteTable::RouteTable(std::span<const Route> routes) {
  std::vector<Range> open;  // The ranges around the sweep's place, the innermost last.
  const auto close_innermost = [&] {
    const std::uint32_t last = open.back().last;
    open.pop_back();
    if (last != ~std::uint32_t{0}) append(last + 1, open.empty() ? kNoRoute : open.back().target);
  };
  append(0, kNoRoute);
  for (const Range& range : sorted_ranges(routes)) {
    while (!open.empty() && open.back().last < range.first) close_innermost();
    append(range.first, range.target);
    open.push_back(range);
  }
  while (!open.empty()) close_innermost();
  starts_.shrink_to_fit();
  targets_.shrink_to_fit();
}

// Starts come in ascending order; one that comes again replaces what was said before. Equal neighbours become one.
void RouteTable::append(std::uint32_t start, std::uint16_t target) {
  if (!starts_.empty() && starts_.back() == start) {
    starts_.pop_back();
    targets_.pop_back();
  }
  if (!targets_.empty() && targets_.back() == target) return;
  starts_.push_back(start);
  targets_.push_back(target);
}

}  // namespace sluice::dataplane
