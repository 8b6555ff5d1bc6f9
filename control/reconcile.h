#pragma once
// The heart of control: from what was asked for and what is known to what shall be. Pure: no clock, no files, no API.
//
// Rules of KUBERNETES.md 2.1–2.4. Nothing is concluded for a cluster that was not read yet, since a Service that is
// merely not known must not lose its address; the others do not wait for it.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "control/health/record.h"
#include "control/ipam/pool.h"
#include "control/kube/cluster_state.h"
#include "control/plan.h"

namespace sluice::control {

struct ClusterInput {
  std::string name;
  std::vector<std::string> load_balancer_classes;  // spec.loadBalancerClass values that are ours.
  bool claim_classless = false;                    // Services without a class are ours, too.
  const kube::ClusterState* state = nullptr;
  const health::View* probes = nullptr;  // Null: nobody probes.
};

struct ReconcileInput {
  std::span<const ClusterInput> clusters;  // All that are configured, read or not.
  std::span<const ipam::Pool> pools;
  const ipam::LedgerBook& book;
  std::int64_t now = 0;  // Unix time, for the ledger.
};

inline constexpr std::string_view kSourceRangesAnnotation = "service.beta.kubernetes.io/load-balancer-source-ranges";

// When the ledger could not be written: takes out of the plan what only the new book allows. New addresses are not
// served yet, what is released stays as it is; all else takes effect. `why` becomes the problem of the Services
// concerned.
void keep_to(const ipam::LedgerBook& durable, const std::string& why, Plan& plan);

// By type and class: a Service that this cluster's Sluice serves.
bool is_ours(const ClusterInput& cluster, const kube::Service& service);

// For a Service that the plan leaves out, the reason as a sentence.
std::string why_not_ours(const ClusterInput& cluster, const kube::Service& service);

Plan reconcile(const ReconcileInput& input);

}  // namespace sluice::control
