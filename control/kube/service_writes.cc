#include "control/kube/service_writes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "control/kube/service_patch.h"

namespace sluice::control::kube {
namespace {

constexpr std::array kFinalizers{kOwnFinalizer, kStandardFinalizer};
constexpr std::string_view kOwnDomain = "sluice.dev/";
constexpr std::string_view kPortsError = "LoadBalancerPortsError";  // KEP-1435: of whoever serves the ports.

const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type) {
  const auto found =
      std::find_if(conditions.begin(), conditions.end(), [type](const Condition& c) { return c.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

bool is_our_condition(std::string_view type) { return type.starts_with(kOwnDomain) || type == kPortsError; }

bool says_the_same(const Condition& a, const Condition& b) {
  return a.status == b.status && a.reason == b.reason && a.message == b.message;
}

// An absent ipMode means VIP, and newer servers fill it in (KEP-1860).
IpMode meaning(const LoadBalancerIngress& ingress) {
  return ingress.ip_mode == IpMode::kUnset && !ingress.ip.empty() ? IpMode::kVip : ingress.ip_mode;
}

bool means_the_same(const LoadBalancerIngress& a, const LoadBalancerIngress& b) {
  return a.ip == b.ip && a.hostname == b.hostname && meaning(a) == meaning(b) && a.ports == b.ports;
}

bool mean_the_same(const std::vector<LoadBalancerIngress>& a, const std::vector<LoadBalancerIngress>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), means_the_same);
}

StatusPatch difference(const ServiceStatus& observed, const Desired& desired, std::string_view now) {
  StatusPatch patch;
  if (desired.ingress && !mean_the_same(*desired.ingress, observed.ingress)) patch.ingress = desired.ingress;
  for (auto condition : desired.conditions) {
    const auto* before = find_condition(observed.conditions, condition.type);
    if (before != nullptr && says_the_same(*before, condition)) continue;
    const bool turned = before == nullptr || before->status != condition.status || before->last_transition_time.empty();
    condition.last_transition_time = turned ? std::string{now} : before->last_transition_time;
    patch.set_conditions.push_back(std::move(condition));
  }
  for (const auto& condition : observed.conditions) {
    if (!is_our_condition(condition.type) || find_condition(desired.conditions, condition.type) != nullptr) continue;
    patch.removed_conditions.push_back(condition.type);
  }
  return patch;
}

std::vector<std::string_view> finalizers_where(const Service& service, bool present) {
  std::vector<std::string_view> finalizers;
  for (const auto finalizer : kFinalizers) {
    if (service.meta.has_finalizer(finalizer) == present) finalizers.push_back(finalizer);
  }
  return finalizers;
}

std::vector<Write> plan_ours(const Service& observed, const Desired& desired, const std::optional<Settled>& settled,
                             std::string_view now) {
  std::vector<Write> writes;
  // The API server refuses new finalizers on what is being deleted, and nothing is given to it any more.
  if (observed.meta.is_deleting() || observed.type != ServiceType::kLoadBalancer) return writes;
  const auto missing = finalizers_where(observed, false);
  if (!missing.empty()) {
    writes.push_back({Write::Kind::kAddFinalizers, patch_adding_finalizers(observed.meta, missing)});
  }
  // The server answered this very wish with what we see: it knows no better.
  if (settled && settled->desired == desired && settled->result == observed.status) return writes;
  const auto patch = difference(observed.status, desired, now);
  if (!patch.empty()) writes.push_back({Write::Kind::kStatus, patch_of_status(observed.meta, patch)});
  return writes;
}

// One patch for all: finalizers gone and addresses still there, or the other way round, is never seen.
std::vector<Write> plan_release(const Service& observed, std::string_view now) {
  if (!observed.meta.has_finalizer(kOwnFinalizer)) return {};
  Desired nothing;
  // A change of type empties the addresses, and then nothing is written here. But servers as old as 1.20 leave them; to
  // empty them is allowed at any type, only to write some is not.
  nothing.ingress.emplace();
  const auto patch = difference(observed.status, nothing, now);
  return {{Write::Kind::kRelease, patch_releasing(observed.meta, finalizers_where(observed, true), patch)}};
}

}  // namespace

std::vector<Write> plan_writes(const Service& observed, const Desired& desired, const std::optional<Settled>& settled,
                               std::string_view now) {
  switch (desired.stage) {
    case Desired::Stage::kForeign:
    case Desired::Stage::kTearingDown: return {};
    case Desired::Stage::kOurs: return plan_ours(observed, desired, settled, now);
    case Desired::Stage::kTornDown: return plan_release(observed, now);
  }
  return {};
}

}  // namespace sluice::control::kube
