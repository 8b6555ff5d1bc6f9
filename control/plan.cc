#include "control/plan.h"

#include <algorithm>

namespace sluice::control {

std::string_view to_string(PlannedNode::State state) {
  switch (state) {
    case PlannedNode::State::kIn: return "in";
    case PlannedNode::State::kDraining: return "draining";
    case PlannedNode::State::kOut: return "out";
  }
  return "unknown";
}

std::string_view to_string(PlannedService::Stage stage) {
  switch (stage) {
    case PlannedService::Stage::kPending: return "pending";
    case PlannedService::Stage::kReserved: return "reserved";
    case PlannedService::Stage::kServed: return "served";
    case PlannedService::Stage::kReleasing: return "releasing";
  }
  return "unknown";
}

const PlannedVip* PlannedService::vip(IpFamily family) const {
  const auto found = std::ranges::find_if(vips, [&](const auto& vip) { return family_of(vip.address) == family; });
  return found == vips.end() ? nullptr : &*found;
}

std::string PlannedService::vips_text() const {
  std::string text;
  for (const auto& vip : vips) text += (text.empty() ? "" : ", ") + vip.address.to_string();
  return text;
}

bool PlannedService::has_backends() const {
  return std::ranges::any_of(ports, [](const PlannedPort& port) { return !port.backends.empty(); });
}

bool PlannedService::is_holder_of(const ipam::LedgerEntry& entry) const {
  return entry.uid == meta.uid && entry.service.name_space == meta.name_space && entry.service.name == meta.name;
}

const PlannedService* Plan::find(std::string_view cluster, std::string_view key) const {
  const auto slash = key.find('/');
  const std::string_view name_space = key.substr(0, slash), name = key.substr(std::min(slash + 1, key.size()));
  const auto found = std::ranges::find_if(services, [&](const PlannedService& service) {
    return service.meta.name == name && service.meta.name_space == name_space &&
           (cluster.empty() || service.cluster == cluster);
  });
  return found == services.end() ? nullptr : &*found;
}

}  // namespace sluice::control
