#pragma once
// What has to be announced after something changed: a VIP that is new here, on all ports; and every VIP on a port that
// is new to its neighbours: its link came (back), or it has another MAC address. Who was away meanwhile may have
// forgotten us, or have learned what was never true. Pure.

#include <map>
#include <vector>

#include "control/announce/l2.h"
#include "net/address.h"

namespace sluice::control::announce {

struct Segment {
  Interface interface;
  bool is_up = false;
  bool operator==(const Segment&) const = default;
};

struct Held {  // Which VIPs are here, and where they are announced.
  std::vector<net::IpAddress> vips;
  std::vector<Segment> segments;
};

struct Change {
  std::vector<net::IpAddress> left;
  std::map<net::IpAddress, std::vector<Interface>> due;
};
Change compare(const Held& before, const Held& now);

}  // namespace sluice::control::announce
