#pragma once
// Which nodes serve a Service, with what weight, and why (KUBERNETES.md 2.4, 2.7; KEP-3458, KEP-1669). Pure.
//
// Cluster: every eligible node, weight 1, as long as the Service has a usable endpoint anywhere. Local: the nodes with
// usable endpoints, weighted by their number. Usable endpoints are the ready ones, or, when there is none at all, those
// that still serve while they terminate. Ready is no criterion for nodes: probes and slices say what works. Probes go
// to the Service's healthCheckNodePort (Local), or to the health port of the node's proxy (Cluster).

#include "control/health/prober.h"
#include "control/kube/cluster_state.h"
#include "control/plan.h"

namespace sluice::control {

inline constexpr std::string_view kExcludeLabel = "node.kubernetes.io/exclude-from-external-load-balancers";
inline constexpr std::string_view kAutoscalerTaint = "ToBeDeletedByClusterAutoscaler";
inline constexpr std::uint16_t kNodeProxyHealthPort = 10256;  // As kube-proxy's --healthz-bind-address has it.

// Whether a node may be a backend of anything of a family; `reason` says why not.
struct Eligibility {
  PlannedNode::State state = PlannedNode::State::kIn;
  std::optional<net::IpAddress> address;
  std::string reason;
};
Eligibility eligibility(const kube::Node& node, IpFamily family);

// Fills in `planned.nodes` and the backends of its ports, of which name, protocol and node port are known: for each
// family of the Service, by endpoints and addresses of that family alone. `probes` is null when nobody probes.
void choose_backends(const kube::ClusterState& cluster, const kube::Service& service, const health::View* probes,
                     PlannedService& planned);

// Whom to probe for this plan. Nodes that served before we began are trusted until they answer; those of a Service that
// nobody knows yet are not: its first clients shall meet nodes that have heard of it.
std::vector<health::Wish> probes_for(const Plan& plan);

}  // namespace sluice::control
