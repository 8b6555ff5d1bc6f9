#include "control/backends.h"

#include <algorithm>
#include <map>
#include <set>

namespace sluice::control {
namespace {

// Endpoints of one service port, by node: how many are usable, how many merely finish what they have.
struct PortEndpoints {
  std::map<std::string, std::uint32_t> usable;       // Empty name: endpoints whose slice does not say where they are.
  std::map<std::string, std::uint32_t> terminating;  // Serving, but terminating.
};

bool carries(const kube::EndpointSlice& slice, const PlannedPort& port) {
  if (slice.address_type != kube::AddressType::kIpv4) return false;
  return std::ranges::any_of(slice.ports, [&](const kube::EndpointPort& candidate) {
    // Proxies on the nodes pass over a port without a number, so nothing answers there.
    return candidate.name == port.name && candidate.protocol == port.protocol && candidate.port.value_or(0) != 0;
  });
}

// The same endpoint may stand in two slices for a moment: counted once, by its best version.
PortEndpoints count_endpoints(const kube::SliceMap& slices, const PlannedPort& port) {
  std::set<std::pair<net::IpAddress, std::string>> ready, terminating;
  for (const auto& [name, slice] : slices) {
    if (!carries(slice, port)) continue;
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

// One node for one port. The node is eligible.
PlannedNode judge(const kube::Service& service, const PortEndpoints& endpoints, const std::string& node) {
  PlannedNode judged{.node = node};
  if (endpoints.usable.empty()) {
    judged.reason = "the Service has no usable endpoint";
    return judged;
  }
  if (service.external_traffic_policy == kube::TrafficPolicy::kCluster) {
    judged.state = PlannedNode::State::kIn;
    judged.weight = 1;
    judged.reason = "policy Cluster: every eligible node";
    return judged;
  }
  if (const auto found = endpoints.usable.find(node); found != endpoints.usable.end()) {
    judged.state = PlannedNode::State::kIn;
    judged.weight = found->second;
    judged.reason = count_of(found->second, "usable local endpoint");
  } else if (const auto ending = endpoints.terminating.find(node); ending != endpoints.terminating.end()) {
    judged.state = PlannedNode::State::kDraining;
    judged.reason = "only terminating local endpoints (" + std::to_string(ending->second) + ")";
  } else {
    judged.reason = "policy Local: no local endpoint";
  }
  return judged;
}

bool parse_bool_label(std::string_view value) {  // As Go's strconv.ParseBool; junk means true here (CCM).
  return !(value == "false" || value == "False" || value == "FALSE" || value == "f" || value == "F" || value == "0");
}

}  // namespace

Eligibility eligibility(const kube::Node& node) {
  Eligibility result;
  const auto address = std::ranges::find_if(node.internal_ips, [](const net::IpAddress& ip) { return ip.is_v4(); });
  if (address != node.internal_ips.end()) result.address = address->v4();
  const auto label = node.meta.labels.find(std::string{kExcludeLabel});
  if (label != node.meta.labels.end() && parse_bool_label(label->second)) {
    result.state = PlannedNode::State::kOut;
    result.reason = "label " + std::string{kExcludeLabel};
  } else if (!result.address) {
    result.state = PlannedNode::State::kOut;
    result.reason = "no IPv4 InternalIP";
  } else if (node.meta.is_deleting()) {
    result.state = PlannedNode::State::kDraining;
    result.reason = "the Node is being deleted";
  } else if (node.has_taint(kAutoscalerTaint)) {
    result.state = PlannedNode::State::kDraining;
    result.reason = "taint " + std::string{kAutoscalerTaint};
  }
  return result;
}

void choose_backends(const kube::ClusterState& cluster, const kube::Service& service, PlannedService& planned) {
  std::vector<PortEndpoints> endpoints;
  for (const auto& port : planned.ports) {
    endpoints.push_back(count_endpoints(cluster.slices_of(service.meta.key()), port));
  }
  for (const auto& [name, node] : cluster.nodes) {
    const Eligibility eligible = eligibility(node);
    PlannedNode shown{.node = name, .address = eligible.address, .state = eligible.state, .reason = eligible.reason};
    for (std::size_t i = 0; i < planned.ports.size() && eligible.state == PlannedNode::State::kIn; ++i) {
      const PlannedNode judged = judge(service, endpoints[i], name);
      if (judged.state == PlannedNode::State::kIn && planned.ports[i].is_served()) {
        planned.ports[i].backends.push_back({.node = name, .address = *eligible.address, .weight = judged.weight});
      }
      // A node that serves any port is in; the first port speaks for its weight.
      const bool better = i == 0 || (shown.state != PlannedNode::State::kIn && judged.state < shown.state);
      if (!better) continue;
      shown.state = judged.state;
      shown.weight = judged.weight;
      shown.reason = judged.reason;
    }
    planned.nodes.push_back(std::move(shown));
  }
}

}  // namespace sluice::control
