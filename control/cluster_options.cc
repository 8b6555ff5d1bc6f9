#include "control/cluster_options.h"

#include <optional>

#include "base/result.h"
#include "conf/config.pb.h"
#include "control/kube/kubeconfig.h"

namespace sluice::control {
namespace {

using base::Result;

// What an attempt came to; its mistake is about the key `path`.
std::optional<kube::Access> taken(Result<kube::Access> access, const std::string& path, conf::Findings& findings) {
  if (access) return std::move(*access);
  findings.add(path, access.message());
  return std::nullopt;
}

std::optional<kube::Access> by_kubeconfig(const conf::Cluster& cluster, const std::string& path,
                                          conf::Findings& findings) {
  auto access = kube::load_kubeconfig(cluster.kubeconfig(), cluster.context());
  // A file that is right in its own context leaves only the one that we name.
  const bool wrong_context = !access && !cluster.context().empty() && kube::load_kubeconfig(cluster.kubeconfig(), "");
  return taken(std::move(access), conf::child(path, wrong_context ? "context" : "kubeconfig"), findings);
}

// Each file is tried without the other, so that both are said when both are wrong.
std::optional<kube::Access> by_server(const conf::Cluster& cluster, const std::string& path, conf::Findings& findings) {
  const kube::ServerAddress whole{
      .server = cluster.server(), .ca_file = cluster.ca_file(), .token_file = cluster.token_file()};
  const auto with = [&](const std::string& ca_file, const std::string& token_file, const char* key) {
    return taken(kube::server_access({.server = whole.server, .ca_file = ca_file, .token_file = token_file}),
                 conf::child(path, key), findings);
  };
  if (!with("", "", "server")) return std::nullopt;
  const bool has_ca = with(whole.ca_file, "", "ca_file").has_value();
  const bool has_token = with("", whole.token_file, "token_file").has_value();
  if (!has_ca || !has_token) return std::nullopt;
  return taken(kube::server_access(whole), path, findings);
}

std::optional<kube::Access> access_of(const conf::Cluster& cluster, const std::string& path, conf::Findings& findings) {
  if (!cluster.kubeconfig().empty()) return by_kubeconfig(cluster, path, findings);
  if (!cluster.in_cluster()) return by_server(cluster, path, findings);
  return taken(kube::in_cluster_access(kube::ServiceAccount::from_environment()), conf::child(path, "in_cluster"),
               findings);
}

}  // namespace

std::vector<ClusterOptions> cluster_options(const conf::Config& config, conf::Findings& findings) {
  std::vector<ClusterOptions> all;
  for (int i = 0; i < config.clusters_size(); ++i) {
    const conf::Cluster& cluster = config.clusters(i);
    auto access = access_of(cluster, conf::element("clusters", i), findings);
    if (!access) continue;
    all.push_back(
        {.name = cluster.name(),
         .load_balancer_classes = {cluster.load_balancer_classes().begin(), cluster.load_balancer_classes().end()},
         .claim_classless = cluster.claim_classless(),
         .access = std::move(*access)});
  }
  return all;
}

}  // namespace sluice::control
