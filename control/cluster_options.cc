#include "control/cluster_options.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "conf/config.pb.h"
#include "control/kube/file.h"
#include "control/kube/kubeconfig.h"

namespace sluice::control {
namespace {

using base::Result;

// Keys that have no say in how a cluster is reached, and in which of its Services are ours.
constexpr std::array<std::string_view, 3> kBesideAccess{"name", "load_balancer_classes", "claim_classless"};
constexpr std::array<std::string_view, 1> kBesideClaims{"name"};

// Whether nothing is wrong with the cluster at `path`, these keys aside. An unknown key may be any other, misspelt.
bool is_understood(const std::string& path, std::span<const std::string_view> beside,
                   const std::vector<conf::Problem>& problems) {
  return std::ranges::none_of(problems, [&](const conf::Problem& problem) {
    if (conf::is_within(path, problem.path)) return true;
    return conf::is_within(problem.path, path) && std::ranges::none_of(beside, [&](std::string_view key) {
             return conf::is_within(problem.path, conf::child(path, key));
           });
  });
}

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

// All that can be said of a cluster that was not understood.
void expect_files(const conf::Cluster& cluster, const std::string& path, conf::Findings& findings) {
  const std::array<std::pair<const char*, const std::string*>, 3> files{
      {{"kubeconfig", &cluster.kubeconfig()}, {"ca_file", &cluster.ca_file()}, {"token_file", &cluster.token_file()}}};
  for (const auto& [key, file] : files) {
    if (file->empty()) continue;
    if (const auto content = kube::read_file(*file); !content) findings.add(conf::child(path, key), content.message());
  }
}

// A cluster whose API server and claims are known.
struct Reached {
  std::string where;  // the key that says where its API server is
  ClusterOptions options;
};

Reached reached(const conf::Cluster& cluster, const std::string& path, kube::Access access) {
  const char* key = !cluster.kubeconfig().empty() ? "kubeconfig" : cluster.in_cluster() ? "in_cluster" : "server";
  return {.where = conf::child(path, key),
          .options = {
              .name = cluster.name(),
              .load_balancer_classes = {cluster.load_balancer_classes().begin(), cluster.load_balancer_classes().end()},
              .claim_classless = cluster.claim_classless(),
              .access = std::move(access)}};
}

// "of class 'a', without a class": the Services that both would serve. Empty: there are none.
std::string common_claims(const ClusterOptions& one, const ClusterOptions& other) {
  std::string claims;
  const auto add = [&](const std::string& claim) { claims += (claims.empty() ? "" : ", ") + claim; };
  for (const std::string& name : one.load_balancer_classes) {
    if (std::ranges::count(other.load_balancer_classes, name) > 0) add("of class '" + name + "'");
  }
  if (one.claim_classless && other.claim_classless) add("without a class");
  return claims;
}

// The same cluster under two names.
void expect_no_rival(const Reached& cluster, std::span<const Reached> earlier, conf::Findings& findings) {
  for (const Reached& other : earlier) {
    const std::string claims = common_claims(cluster.options, other.options);
    if (claims.empty() || !kube::is_same_server(cluster.options.access, other.options.access)) continue;
    return findings.add(cluster.where,
                        "leads to the same API server as " + other.where + " of cluster '" + other.options.name +
                            "'; both would serve its Services " + claims + " and never agree on their status: leave " +
                            "one out, or give each load_balancer_classes of its own and only one claim_classless");
  }
}

}  // namespace

std::vector<ClusterOptions> cluster_options(const conf::Loaded& loaded, conf::Findings& findings) {
  std::vector<Reached> all;
  for (int i = 0; i < loaded.config.clusters_size(); ++i) {
    const conf::Cluster& cluster = loaded.config.clusters(i);
    const std::string path = conf::element("clusters", i);
    if (!is_understood(path, kBesideAccess, loaded.problems)) {
      expect_files(cluster, path, findings);
      continue;
    }
    auto access = access_of(cluster, path, findings);
    if (!access || !is_understood(path, kBesideClaims, loaded.problems)) continue;
    Reached made = reached(cluster, path, std::move(*access));
    expect_no_rival(made, all, findings);
    all.push_back(std::move(made));
  }
  std::vector<ClusterOptions> options;
  options.reserve(all.size());
  for (Reached& one : all) options.push_back(std::move(one.options));
  return options;
}

}  // namespace sluice::control
