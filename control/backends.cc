#include "control/backends.h"

#include <algorithm>
#include <map>
#include <set>

#include "control/health/decide.h"

namespace sluice::control {
namespace {

// Endpoints of one service port, by node: how many are usable, how many merely finish what they have.
struct PortEndpoints {
  std::map<std::string, std::uint32_t> usable;       // Empty name: endpoints whose slice does not say where they are.
  std::map<std::string, std::uint32_t> terminating;  // Serving, but terminating.
};

kube::AddressType address_type(IpFamily family) {
  return family == IpFamily::kIpv4 ? kube::AddressType::kIpv4 : kube::AddressType::kIpv6;
}

bool carries(const kube::EndpointSlice& slice, const PlannedPort& port, IpFamily family) {
  if (slice.address_type != address_type(family)) return false;
  return std::ranges::any_of(slice.ports, [&](const kube::EndpointPort& candidate) {
    // Proxies on the nodes pass over a port without a number, so nothing answers there.
    return candidate.name == port.name && candidate.protocol == port.protocol && candidate.port.value_or(0) != 0;
  });
}

// The same endpoint may stand in two slices for a moment: counted once, by its best version.
PortEndpoints count_endpoints(const kube::SliceMap& slices, const PlannedPort& port, IpFamily family) {
  std::set<std::pair<net::IpAddress, std::string>> ready, terminating;
  for (const auto& [name, slice] : slices) {
    if (!carries(slice, port, family)) continue;
    for (const auto& endpoint : slice.endpoints) {
      if (endpoint.addresses.empty()) continue;
      const std::pair identity{endpoint.addresses.front(), endpoint.node_name};
      // Ready is looked at first: publishNotReadyAddresses makes terminating endpoints ready. It does so in the slice,
      // and proxies on the nodes look at nothing else.
      if (endpoint.ready) {
        ready.insert(identity);
      } else if (endpoint.serving && endpoint.terminating) {
        terminating.insert(identity);
      }
    }
  }
  PortEndpoints counted;
  for (const auto& [address, node] : ready) ++counted.usable[node];
  for (const auto& [address, node] : terminating) ++counted.terminating[node];
  if (counted.usable.empty()) counted.usable.swap(counted.terminating);
  return counted;
}

std::string count_of(std::uint32_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string{what} + (count == 1 ? "" : "s");
}

// One eligible node for one port, by the slices.
PlannedNode judge(const kube::Service& service, const PortEndpoints& endpoints, PlannedNode judged) {
  judged.state = PlannedNode::State::kOut;
  if (endpoints.usable.empty()) {
    judged.reason = "the Service has no usable endpoint";
    return judged;
  }
  if (service.external_traffic_policy == kube::TrafficPolicy::kCluster) {
    judged.state = PlannedNode::State::kIn;
    judged.weight = 1;
    judged.health_port = kNodeProxyHealthPort;
    judged.reason = "policy Cluster: every eligible node";
    return judged;
  }
  if (const auto found = endpoints.usable.find(judged.node); found != endpoints.usable.end()) {
    judged.state = PlannedNode::State::kIn;
    judged.weight = found->second;
    judged.health_port = service.health_check_node_port;
    judged.reason = count_of(found->second, "usable local endpoint");
  } else if (const auto ending = endpoints.terminating.find(judged.node); ending != endpoints.terminating.end()) {
    judged.state = PlannedNode::State::kDraining;
    judged.weight = ending->second;  // Counts if it has to go on.
    judged.health_port = service.health_check_node_port;
    judged.reason = "only terminating local endpoints (" + std::to_string(ending->second) + ")";
  } else {
    judged.reason = "policy Local: no local endpoint";
  }
  return judged;
}

health::Word word_of(PlannedNode::State state) {
  switch (state) {
    case PlannedNode::State::kIn: return health::Word::kIn;
    case PlannedNode::State::kDraining: return health::Word::kDraining;
    case PlannedNode::State::kOut: return health::Word::kOut;
  }
  return health::Word::kOut;
}

PlannedNode::State state_of(health::Word word) {
  switch (word) {
    case health::Word::kIn: return PlannedNode::State::kIn;
    case health::Word::kDraining: return PlannedNode::State::kDraining;
    case health::Word::kOut: return PlannedNode::State::kOut;
  }
  return PlannedNode::State::kOut;
}

// What the probes make of the slices' word. Nodes that are not to be probed stay as they are.
void apply_probes(const health::View& probes, std::vector<PlannedNode>& judged) {
  std::vector<health::Candidate> candidates;
  std::vector<PlannedNode*> concerned;
  for (auto& node : judged) {
    if (node.health_port == 0 || !node.address) continue;
    const auto seen = probes.find({*node.address, node.health_port});
    candidates.push_back({.slices = word_of(node.state), .seen = {}});
    if (seen != probes.end()) candidates.back().seen = seen->second;
    concerned.push_back(&node);
  }
  const auto decisions = health::decide(candidates);
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    concerned[i]->state = state_of(decisions[i].word);
    if (!decisions[i].reason.empty()) concerned[i]->reason += "; " + decisions[i].reason;
  }
}

// A node that serves any port is in; the first port speaks for its weight.
bool is_better(const PlannedNode& node, const PlannedNode& shown) {
  if (node.state != shown.state) return node.state < shown.state;
  return node.health_port != 0 && shown.health_port == 0;  // Waits to be let in.
}

bool parse_bool_label(std::string_view value) {  // As Go's strconv.ParseBool; junk means true here (CCM).
  return !(value == "false" || value == "False" || value == "FALSE" || value == "f" || value == "F" || value == "0");
}

}  // namespace

Eligibility eligibility(const kube::Node& node, IpFamily family) {
  Eligibility result;
  const auto address = std::ranges::find_if(node.internal_ips, [&](const auto& ip) { return family_of(ip) == family; });
  if (address != node.internal_ips.end()) result.address = *address;
  const auto label = node.meta.labels.find(std::string{kExcludeLabel});
  if (label != node.meta.labels.end() && parse_bool_label(label->second)) {
    result.state = PlannedNode::State::kOut;
    result.reason = "label " + std::string{kExcludeLabel};
  } else if (!result.address) {
    result.state = PlannedNode::State::kOut;
    result.reason = "no " + std::string{to_string(family)} + " InternalIP";
  } else if (node.meta.is_deleting()) {
    result.state = PlannedNode::State::kDraining;
    result.reason = "the Node is being deleted";
  } else if (node.has_taint(kAutoscalerTaint)) {
    result.state = PlannedNode::State::kDraining;
    result.reason = "taint " + std::string{kAutoscalerTaint};
  }
  return result;
}

namespace {

void choose_of_family(const kube::ClusterState& cluster, const kube::Service& service, IpFamily family,
                      const health::View* probes, PlannedService& planned) {
  std::vector<PlannedNode> all;
  for (const auto& [name, node] : cluster.nodes) {
    const Eligibility eligible = eligibility(node, family);
    all.push_back({.node = name,
                   .family = family,
                   .address = eligible.address,
                   .state = eligible.state,
                   .reason = eligible.reason});
  }
  std::vector<PlannedNode> shown = all;
  for (auto& port : planned.ports) {
    const PortEndpoints endpoints = count_endpoints(cluster.slices_of(service.meta.key()), port, family);
    std::vector<PlannedNode> judged = all;
    for (auto& node : judged) {
      if (node.state == PlannedNode::State::kIn) node = judge(service, endpoints, node);
    }
    if (probes != nullptr) apply_probes(*probes, judged);
    for (std::size_t i = 0; i < judged.size(); ++i) {
      PlannedNode& node = judged[i];
      if (node.state != PlannedNode::State::kIn) node.weight = 0;
      if (node.state == PlannedNode::State::kIn && port.is_served()) {
        port.backends.push_back({.node = node.node, .address = *node.address, .weight = node.weight});
      }
      if (&port == &planned.ports.front() || is_better(node, shown[i])) shown[i] = node;
    }
  }
  std::ranges::move(shown, std::back_inserter(planned.nodes));
}

}  // namespace

void choose_backends(const kube::ClusterState& cluster, const kube::Service& service, const health::View* probes,
                     PlannedService& planned) {
  for (const IpFamily family : service.ip_families) choose_of_family(cluster, service, family, probes, planned);
}

std::vector<health::Wish> probes_for(const Plan& plan) {
  std::vector<health::Wish> wishes;
  for (const auto& service : plan.services) {
    if (service.vips.empty()) continue;
    for (const auto& node : service.nodes) {
      if (node.health_port == 0 || !node.address) continue;
      const bool serves = node.state == PlannedNode::State::kIn;
      wishes.push_back({.target = {*node.address, node.health_port},
                        .trust = serves && service.is_published ? health::Trust::kGranted : health::Trust::kNone});
    }
  }
  return wishes;
}

}  // namespace sluice::control
