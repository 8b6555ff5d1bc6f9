#include "control/announce/change.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace sluice::control::announce {
namespace {

std::vector<Interface> interfaces_of(const std::vector<Segment>& segments) {
  std::vector<Interface> interfaces;
  interfaces.reserve(segments.size());
  for (const auto& segment : segments) interfaces.push_back(segment.interface);
  return interfaces;
}

std::vector<Interface> renewed(const std::vector<Segment>& before, const std::vector<Segment>& now) {
  std::vector<Interface> interfaces;
  for (const auto& segment : now) {
    const bool is_old = std::ranges::find(before, segment) != before.end();
    if (segment.is_up && !is_old) interfaces.push_back(segment.interface);
  }
  return interfaces;
}

}  // namespace

Change compare(const Held& before, const Held& now) {
  const std::set<net::IpAddress> old_vips{before.vips.begin(), before.vips.end()};
  const std::set<net::IpAddress> new_vips{now.vips.begin(), now.vips.end()};
  Change change;
  std::ranges::set_difference(old_vips, new_vips, std::back_inserter(change.left));
  const auto again = renewed(before.segments, now.segments);
  for (const auto& vip : new_vips) {
    if (!old_vips.contains(vip)) {
      change.due.emplace(vip, interfaces_of(now.segments));
    } else if (!again.empty()) {
      change.due.emplace(vip, again);
    }
  }
  return change;
}

}  // namespace sluice::control::announce
