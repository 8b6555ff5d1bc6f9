#include "conf/checks.h"
#include "conf/config.pb.h"

namespace sluice::conf {
namespace {

bool begins_with(const std::string& text, std::string_view beginning) {
  return text.compare(0, beginning.size(), beginning) == 0;
}

void check_access(const Cluster& cluster, Findings& findings, const std::string& path) {
  const int ways =
      (cluster.kubeconfig().empty() ? 0 : 1) + (cluster.in_cluster() ? 1 : 0) + (cluster.server().empty() ? 0 : 1);
  if (ways != 1) {
    findings.add(path, std::string{"expected exactly one of kubeconfig, in_cluster and server, got "} +
                           (ways == 0 ? "none" : std::to_string(ways)));
    return;
  }
  if (!cluster.context().empty() && cluster.kubeconfig().empty()) {
    findings.add(child(path, "context"), "only together with kubeconfig");
  }
  if (!cluster.ca_file().empty() && cluster.server().empty()) {
    findings.add(child(path, "ca_file"), "only together with server");
  }
  if (!cluster.token_file().empty() && cluster.server().empty()) {
    findings.add(child(path, "token_file"), "only together with server");
  }
  if (!cluster.server().empty() && !begins_with(cluster.server(), "https://") &&
      !begins_with(cluster.server(), "http://")) {
    findings.add(child(path, "server"), "expected a URL like https://192.0.2.10:6443, got '" + cluster.server() + "'");
  }
}

}  // namespace

void check_clusters(const Config& config, Findings& findings) {
  if (config.clusters().empty()) findings.add("clusters", "at least one cluster is needed");
  Unique names{findings};
  for (int i = 0; i < config.clusters_size(); ++i) {
    const Cluster& cluster = config.clusters(i);
    const std::string path = element("clusters", i);
    expect_name(cluster.name(), findings, child(path, "name"));
    names.add(cluster.name(), child(path, "name"));
    check_access(cluster, findings, path);
    for (int j = 0; j < cluster.load_balancer_classes_size(); ++j) {
      const std::string where = element(child(path, "load_balancer_classes"), j);
      if (cluster.load_balancer_classes(j).empty()) findings.add(where, "a class is missing");
    }
  }
}

}  // namespace sluice::conf
