#pragma once
// The world of reconcile()'s tests: a cluster "east" with one node, a pool "public", a ledger's book.

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "control/reconcile.h"
#include "tests/control/objects.h"

namespace sluice::control {

inline ipam::Pool pool(const std::string& name, std::string_view range) {
  return {.name = name, .ranges = {*ipam::AddressRange::parse(range)}};
}

// Clusters, pools and the book between two calls, as the appliance keeps them.
class ReconcileWorld {
 public:
  ReconcileWorld() {
    pools_ = {pool("public", "203.0.113.64/26")};
    add_cluster("east");
  }

  kube::ClusterState& add_cluster(const std::string& name) {
    kube::ClusterState& state = states_.emplace_back();
    state.name = name;
    state.synced = true;
    state.put(node("node-1", "10.20.0.11"));
    clusters_.push_back(
        {.name = name, .load_balancer_classes = {"sluice.dev/sluice"}, .claim_classless = true, .state = &state});
    return state;
  }
  kube::ClusterState& east() { return states_.front(); }
  ClusterInput& east_input() { return clusters_.front(); }
  std::vector<ClusterInput>& inputs() { return clusters_; }
  std::vector<ipam::Pool>& pools() { return pools_; }
  ipam::LedgerBook& book() { return book_; }

  // The plan; its book counts from now on.
  Plan reconcile() {
    Plan plan = control::reconcile({.clusters = clusters_, .pools = pools_, .book = book_, .now = ++now_});
    book_ = plan.book;
    return plan;
  }
  // The plan for one Service; fails the test if it has none.
  PlannedService reconcile(const std::string& key, std::string_view cluster = "east") {
    const Plan plan = reconcile();
    const auto* found = plan.find(cluster, key);
    EXPECT_NE(found, nullptr) << key << " is not planned";
    return found != nullptr ? *found : PlannedService{};
  }
  std::string holder_of(std::string_view vip) const {
    const auto* entry = book_.find_by_vip(*net::IpAddress::parse(vip));
    return entry != nullptr ? entry->service.to_string() : "";
  }

 private:
  std::deque<kube::ClusterState> states_;  // Inputs point at them.
  std::vector<ClusterInput> clusters_;
  std::vector<ipam::Pool> pools_;
  ipam::LedgerBook book_;
  std::int64_t now_ = 1'700'000'000;
};

}  // namespace sluice::control
