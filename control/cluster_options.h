#pragma once
// How each cluster is reached, from the configuration and the files that it points at: kubeconfigs, authorities,
// tokens.

#include <string>
#include <vector>

#include "conf/problem.h"
#include "control/kube/access.h"

namespace sluice::conf {
class Config;
}

namespace sluice::control {

struct ClusterOptions {
  std::string name;
  std::vector<std::string> load_balancer_classes;
  bool claim_classless = false;
  kube::Access access;
};

// Finds the mistakes of all clusters, each at its key. Without a finding, every cluster has its options.
std::vector<ClusterOptions> cluster_options(const conf::Config& config, conf::Findings& findings);

}  // namespace sluice::control
