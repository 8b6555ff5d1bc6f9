#pragma once
// What became of nodes that flows may still be with: since when a node on our wires is silent, and since when a service
// port sends nothing new to a node. Pure: the caller brings the clock.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "lb/backend.h"

namespace sluice::control {

// How long flows may stay with such a node. Zero: for as long as they live.
struct Patience {
  std::chrono::steady_clock::duration lost_node{};
  std::chrono::steady_clock::duration drain{};
};

class Departures {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit Departures(const Patience& patience) : patience_{patience} {}

  // Each node, at each look: whether its link address is known. Nodes that are not named are forgotten.
  void note_nodes(const std::map<lb::BackendId, bool>& is_reachable, TimePoint now);
  // Each service port, at each look: the nodes that new flows may get. Others are forgotten.
  void note_ports(const std::map<std::uint32_t, std::set<lb::BackendId>>& members, TimePoint now);

  bool is_lost(lb::BackendId node, TimePoint now) const;                                // Silent for too long.
  std::vector<lb::BackendId> drained(std::uint32_t service_port, TimePoint now) const;  // Left for too long; ascending.
  std::optional<TimePoint> next_deadline(TimePoint now) const;  // When an answer changes by itself.

 private:
  using Times = std::map<lb::BackendId, TimePoint>;
  struct ServicePort {
    std::set<lb::BackendId> members;
    Times left;
  };

  Patience patience_;
  Times silent_since_;
  std::map<std::uint32_t, ServicePort> ports_;
};

}  // namespace sluice::control
