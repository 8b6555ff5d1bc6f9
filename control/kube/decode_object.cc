#include "control/kube/decode_object.h"

#include <limits>
#include <utility>

namespace sluice::control::kube {
namespace {

constexpr std::string_view kServiceNameLabel = "kubernetes.io/service-name";

void decode_strings(const Field& field, std::map<std::string, std::string>& strings) {
  field.each_member([&](std::string_view name, const Field& value) { strings[std::string{name}] = value.text(); });
}

void decode_address(const Field& field, std::vector<net::IpAddress>& addresses) {
  const auto address = net::IpAddress::parse(field.text());
  if (address)
    addresses.push_back(*address);
  else
    field.complain("an IP address");
}

Taint decode_taint(const Field& field) {
  return {.key = field["key"].text(), .value = field["value"].text(), .effect = field["effect"].text()};
}

void decode_node_address(const Field& field, Node& node) {
  const auto type = field["type"].text();
  const Field address = field["address"];
  if (type == "InternalIP") decode_address(address, node.internal_ips);
  if (type == "ExternalIP") decode_address(address, node.external_ips);
}

std::string decode_target(const Field& field) {
  if (!field.present()) return {};
  const auto name_space = field["namespace"].text();
  return field["kind"].text() + " " + (name_space.empty() ? "" : name_space + "/") + field["name"].text();
}

Endpoint decode_endpoint(const Field& field, AddressType type) {
  Endpoint endpoint;
  if (type != AddressType::kFqdn) {
    const Field addresses = field["addresses"];
    addresses.each([&](const Field& address) { decode_address(address, endpoint.addresses); });
  }
  const Field conditions = field["conditions"];
  endpoint.ready = conditions["ready"].flag(true);
  endpoint.serving = conditions["serving"].flag(endpoint.ready);
  endpoint.terminating = conditions["terminating"].flag(false);
  endpoint.node_name = field["nodeName"].text();
  endpoint.target = decode_target(field["targetRef"]);
  return endpoint;
}

EndpointPort decode_endpoint_port(const Field& field) {
  EndpointPort port;
  port.name = field["name"].text();
  port.protocol = decode_protocol(field["protocol"]);
  if (field["port"].present()) port.port = field["port"].port();
  return port;
}

}  // namespace

Protocol decode_protocol(const Field& field) {
  static constexpr NamedValue<Protocol> kNames[] = {
      {"TCP", Protocol::kTcp}, {"UDP", Protocol::kUdp}, {"SCTP", Protocol::kSctp}};
  return decode_enum(field, kNames);
}

void decode_meta(const Field& root, ObjectMeta& meta) {
  const Field metadata = root["metadata"];
  meta.name_space = metadata["namespace"].text();
  meta.name = metadata["name"].text();
  meta.uid = metadata["uid"].text();
  meta.resource_version = metadata["resourceVersion"].text();
  meta.generation = metadata["generation"].number(0, std::numeric_limits<std::int64_t>::max());
  decode_strings(metadata["labels"], meta.labels);
  decode_strings(metadata["annotations"], meta.annotations);
  const Field finalizers = metadata["finalizers"];
  finalizers.each([&](const Field& finalizer) { meta.finalizers.push_back(finalizer.text()); });
  meta.creation_timestamp = metadata["creationTimestamp"].text();
  meta.deletion_timestamp = metadata["deletionTimestamp"].text();
  if (meta.name.empty()) metadata["name"].complain("a name");
}

void decode_rest(const Field& root, Node& node) {
  const Field spec = root["spec"];
  node.provider_id = spec["providerID"].text();
  node.unschedulable = spec["unschedulable"].flag(false);
  const Field taints = spec["taints"];
  taints.each([&](const Field& taint) { node.taints.push_back(decode_taint(taint)); });
  const Field status = root["status"];
  const Field addresses = status["addresses"];
  addresses.each([&](const Field& address) { decode_node_address(address, node); });
  const Field conditions = status["conditions"];
  conditions.each([&](const Field& condition) {
    const auto state = condition["status"].text();
    if (condition["type"].text() == "Ready" && state != "Unknown") node.ready = state == "True";
  });
}

void decode_rest(const Field& root, EndpointSlice& slice) {
  static constexpr NamedValue<AddressType> kTypes[] = {
      {"IPv4", AddressType::kIpv4}, {"IPv6", AddressType::kIpv6}, {"FQDN", AddressType::kFqdn}};
  slice.address_type = decode_enum(root["addressType"], kTypes);
  if (!root["addressType"].present()) root["addressType"].complain("IPv4 or IPv6 or FQDN");
  const auto label = slice.meta.labels.find(std::string{kServiceNameLabel});
  if (label != slice.meta.labels.end()) slice.service_name = label->second;
  const Field endpoints = root["endpoints"];
  endpoints.each(
      [&](const Field& endpoint) { slice.endpoints.push_back(decode_endpoint(endpoint, slice.address_type)); });
  const Field ports = root["ports"];
  ports.each([&](const Field& port) { slice.ports.push_back(decode_endpoint_port(port)); });
}

}  // namespace sluice::control::kube
