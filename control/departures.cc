#include "control/departures.h"

#include <algorithm>

namespace sluice::control {
namespace {

using Duration = std::chrono::steady_clock::duration;

bool is_over(Departures::TimePoint since, Duration patience, Departures::TimePoint now) {
  return patience > Duration::zero() && now - since >= patience;
}

void keep_earlier(std::optional<Departures::TimePoint>& earliest, Departures::TimePoint since, Duration patience,
                  Departures::TimePoint now) {
  if (patience <= Duration::zero() || is_over(since, patience, now)) return;
  if (!earliest || since + patience < *earliest) earliest = since + patience;
}

}  // namespace

void Departures::note_nodes(const std::map<lb::BackendId, bool>& is_reachable, TimePoint now) {
  std::erase_if(silent_since_, [&](const auto& silent) {
    const auto node = is_reachable.find(silent.first);
    return node == is_reachable.end() || node->second;
  });
  for (const auto& [node, reachable] : is_reachable) {
    if (!reachable) silent_since_.emplace(node, now);
  }
}

void Departures::note_ports(const std::map<std::uint32_t, std::set<lb::BackendId>>& members, TimePoint now) {
  std::erase_if(ports_, [&](const auto& known) { return !members.contains(known.first); });
  for (const auto& current : members) {
    const std::set<lb::BackendId>& now_in = current.second;
    ServicePort& port = ports_[current.first];
    for (const lb::BackendId node : port.members) {
      if (!now_in.contains(node)) port.left.emplace(node, now);
    }
    std::erase_if(port.left, [&](const auto& left) { return now_in.contains(left.first); });
    port.members = now_in;
  }
}

bool Departures::is_lost(lb::BackendId node, TimePoint now) const {
  const auto silent = silent_since_.find(node);
  return silent != silent_since_.end() && is_over(silent->second, patience_.lost_node, now);
}

std::vector<lb::BackendId> Departures::drained(std::uint32_t service_port, TimePoint now) const {
  std::vector<lb::BackendId> nodes;
  const auto port = ports_.find(service_port);
  if (port == ports_.end()) return nodes;
  for (const auto& [node, since] : port->second.left) {
    if (is_over(since, patience_.drain, now)) nodes.push_back(node);
  }
  return nodes;
}

std::optional<Departures::TimePoint> Departures::next_deadline(TimePoint now) const {
  std::optional<TimePoint> earliest;
  for (const auto& [node, since] : silent_since_) keep_earlier(earliest, since, patience_.lost_node, now);
  for (const auto& [id, port] : ports_) {
    for (const auto& [node, since] : port.left) keep_earlier(earliest, since, patience_.drain, now);
  }
  return earliest;
}

}  // namespace sluice::control
