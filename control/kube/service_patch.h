#pragma once
// The bodies of strategic-merge patches of a Service (kubernetes/community sig-api-machinery/strategic-merge-patch.md).
// In that dialect `finalizers` is a set, `conditions` merges by `type`, `ingress` is replaced as a whole.
// Each names the object's uid, so that a new object of the same name is refused (409 or 422) and not hit.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/kube/objects.h"

namespace sluice::control::kube {

struct StatusPatch {
  std::optional<std::vector<LoadBalancerIngress>> ingress;  // None: stays.
  std::vector<Condition> set_conditions;
  std::vector<std::string> removed_conditions;  // Types.

  bool empty() const { return !ingress && set_conditions.empty() && removed_conditions.empty(); }
};

std::string patch_adding_finalizers(const ObjectMeta& meta, const std::vector<std::string_view>& finalizers);
std::string patch_of_status(const ObjectMeta& meta, const StatusPatch& patch);
// Both in one write, so that there is no moment in between.
std::string patch_releasing(const ObjectMeta& meta, const std::vector<std::string_view>& finalizers,
                            const StatusPatch& patch);

}  // namespace sluice::control::kube
