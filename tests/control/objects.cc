#include "tests/control/objects.h"

#include <algorithm>

namespace sluice::control {

kube::Node node(const std::string& name, std::string_view address) {
  kube::Node node;
  node.meta.name = name;
  node.internal_ips = {*net::IpAddress::parse(address)};
  return node;
}

kube::Service service(const std::string& name) {
  kube::Service service;
  service.meta.name_space = "default";
  service.meta.name = name;
  service.meta.uid = "uid-of-" + name;
  service.meta.creation_timestamp = "2026-01-01T00:00:00Z";
  service.meta.finalizers = {std::string{kube::kOwnFinalizer}};
  service.type = kube::ServiceType::kLoadBalancer;
  service.ports = {{.name = "http", .port = 80, .node_port = 30080}};
  service.ip_families = {kube::IpFamily::kIpv4};
  return service;
}

kube::Endpoint endpoint(std::string_view address, const std::string& node_name) {
  return {.addresses = {*net::IpAddress::parse(address)}, .node_name = node_name};
}

kube::Endpoint terminating(kube::Endpoint endpoint) {
  endpoint.ready = false;
  endpoint.serving = true;
  endpoint.terminating = true;
  return endpoint;
}

kube::Endpoint unready(kube::Endpoint endpoint) {
  endpoint.ready = false;
  endpoint.serving = false;
  return endpoint;
}

kube::EndpointSlice slice(const std::string& service_name, const std::string& suffix,
                          std::vector<kube::Endpoint> endpoints) {
  kube::EndpointSlice slice;
  slice.meta.name_space = "default";
  slice.meta.name = service_name + "-" + suffix;
  slice.service_name = service_name;
  slice.endpoints = std::move(endpoints);
  slice.ports = {{.name = "http", .port = 8080}};
  return slice;
}

PlannedService with_ports_of(const kube::Service& service) {
  PlannedService planned{.cluster = "east", .meta = service.meta, .families = service.ip_families};
  for (const auto& port : service.ports) {
    planned.ports.push_back(
        {.name = port.name, .protocol = port.protocol, .port = port.port, .node_port = port.node_port});
  }
  return planned;
}

std::string text_of(const std::vector<PlannedBackend>& backends) {
  std::string text;
  for (const auto& backend : backends) {
    text += (text.empty() ? "" : " ") + backend.node + ":" + std::to_string(backend.weight);
  }
  return text;
}

const PlannedNode* find_node(const PlannedService& service, std::string_view name) {
  const auto found = std::ranges::find(service.nodes, name, &PlannedNode::node);
  return found == service.nodes.end() ? nullptr : &*found;
}

}  // namespace sluice::control
