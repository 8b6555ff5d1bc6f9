#include "control/shortage.h"

#include <algorithm>

namespace sluice::control {
namespace {

constexpr std::uint64_t kShortPercent = 80;
constexpr std::uint64_t kEnoughPercent = 70;

std::uint64_t percent(const Resource& resource) {
  return resource.capacity == 0 ? 0 : resource.in_use * 100 / resource.capacity;
}

// New flows try one address after the other: a family is short when each of its addresses is.
void add_ports(const char* family, bool is_v4, std::span<const dataplane::SnatUsage> snat,
               std::vector<Resource>& resources) {
  const dataplane::SnatUsage* emptiest = nullptr;
  for (const auto& usage : snat) {
    if (usage.address.is_v4() != is_v4) continue;
    if (emptiest == nullptr || usage.fullest < emptiest->fullest) emptiest = &usage;
  }
  if (emptiest == nullptr) return;
  resources.push_back({.name = std::string{family} + " SNAT ports towards the busiest node",
                       .in_use = emptiest->fullest,
                       .capacity = emptiest->fullest_max,
                       .remedy = "add addresses to snat.addresses"});
}

}  // namespace

std::vector<Resource> resources_of(std::span<const std::uint64_t> flows_by_worker, std::uint64_t flows_max,
                                   std::span<const dataplane::SnatUsage> snat) {
  std::vector<Resource> resources;
  for (std::size_t worker = 0; worker < flows_by_worker.size(); ++worker) {
    resources.push_back({.name = "room for flows of worker " + std::to_string(worker),
                         .in_use = flows_by_worker[worker],
                         .capacity = flows_max,
                         .remedy = "raise workers.flows_max"});
  }
  add_ports("IPv4", true, snat, resources);
  add_ports("IPv6", false, snat, resources);
  return resources;
}

std::vector<std::string> ShortageWatch::look(std::span<const Resource> resources) {
  std::vector<std::string> sentences;
  for (const auto& resource : resources) {
    if (percent(resource) >= kShortPercent) short_.insert(resource.name);
    if (percent(resource) < kEnoughPercent) short_.erase(resource.name);
    if (!short_.contains(resource.name)) continue;
    sentences.push_back(resource.name + ": nearly all of " + std::to_string(resource.capacity) + " are in use; " +
                        resource.remedy);
  }
  return sentences;
}

}  // namespace sluice::control
