#pragma once
// How each cluster is reached, from the configuration and the files that it points at: kubeconfigs, authorities,
// tokens.

#include <string>
#include <vector>

#include "conf/load.h"
#include "control/kube/access.h"

namespace sluice::control {

struct ClusterOptions {
  std::string name;
  std::vector<std::string> load_balancer_classes;
  bool claim_classless = false;
  kube::Access access;
};

// Finds the mistakes of all clusters, each at its key; also two clusters that would serve the same Services. A cluster
// with a problem is judged as far as it was understood. Without problem and finding, every cluster has its options.
std::vector<ClusterOptions> cluster_options(const conf::Loaded& loaded, conf::Findings& findings);

}  // namespace sluice::control
