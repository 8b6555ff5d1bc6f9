#pragma once
// Everything that belongs to one configured cluster: the watches that tell us of it and the writers that tell it of us.

#include <functional>
#include <map>
#include <set>
#include <string>

#include "control/kube/api.h"
#include "control/kube/cluster.h"
#include "control/kube/events.h"
#include "control/kube/http.h"
#include "control/kube/writer.h"
#include "control/options.h"
#include "control/plan.h"
#include "control/reconcile.h"

namespace sluice::control {

class ClusterLink {
 public:
  // `on_change` is called after every change of what is known of the cluster.
  ClusterLink(Reactor& reactor, kube::HttpClient& http, ClusterOptions options, std::string instance,
              std::function<void()> on_change);

  const std::string& name() const { return options_.name; }
  const ClusterOptions& options() const { return options_; }
  const kube::Cluster& cluster() const { return cluster_; }
  bool synced() const { return cluster_.synced(); }
  ClusterInput input() const;

  // Brings status, finalizers and events of all its Services to what the plan says. Call it when the plan is in effect:
  // finalizers of what it releases go.
  void tell(const Plan& before, const Plan& after);

 private:
  void on_written(const kube::Service& service, kube::Write::Kind kind);
  void tell_malformed();
  void retry_when_reconnected();

  ClusterOptions options_;
  kube::Api api_;
  kube::EventRecorder events_;
  kube::ServiceWriter writer_;
  kube::Cluster cluster_;
  bool was_connected_ = false;
  bool was_synced_ = false;
  std::set<std::string> told_services_;                // By key: whom the writer knows.
  std::map<std::string, std::string> told_malformed_;  // By key: the sentence.
};

}  // namespace sluice::control
