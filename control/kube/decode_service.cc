#include <limits>
#include <utility>

#include "control/kube/decode_object.h"

namespace sluice::control::kube {
namespace {

constexpr std::int64_t kDefaultAffinitySeconds = 10'800;  // The API server's own default.
constexpr std::int64_t kAffinitySecondsMax = 86'400;

constexpr NamedValue<TrafficPolicy> kPolicies[] = {{"Cluster", TrafficPolicy::kCluster},
                                                   {"Local", TrafficPolicy::kLocal}};

void decode_texts(const Field& field, std::vector<std::string>& texts) {
  field.each([&](const Field& item) { texts.push_back(item.text()); });
}

ServicePort decode_port(const Field& field) {
  ServicePort port;
  port.name = field["name"].text();
  port.protocol = decode_protocol(field["protocol"]);
  port.port = field["port"].port();
  if (port.port == 0) field["port"].complain("a number from 1 to 65535");
  port.node_port = static_cast<std::uint16_t>(field["nodePort"].number(0, 65535));
  port.target_port = field["targetPort"].text_or_number();
  port.app_protocol = field["appProtocol"].text();
  return port;
}

PortStatus decode_port_status(const Field& field) {
  return {.port = field["port"].port(), .protocol = decode_protocol(field["protocol"]), .error = field["error"].text()};
}

LoadBalancerIngress decode_ingress(const Field& field) {
  static constexpr NamedValue<IpMode> kModes[] = {
      {"", IpMode::kUnset}, {"VIP", IpMode::kVip}, {"Proxy", IpMode::kProxy}};
  LoadBalancerIngress ingress;
  ingress.ip = field["ip"].text();
  ingress.hostname = field["hostname"].text();
  ingress.ip_mode = decode_enum(field["ipMode"], kModes);
  const Field ports = field["ports"];
  ports.each([&](const Field& port) { ingress.ports.push_back(decode_port_status(port)); });
  return ingress;
}

Condition decode_condition(const Field& field) {
  return {.type = field["type"].text(),
          .status = field["status"].text(),
          .reason = field["reason"].text(),
          .message = field["message"].text(),
          .last_transition_time = field["lastTransitionTime"].text(),
          .observed_generation = field["observedGeneration"].number(0, std::numeric_limits<std::int64_t>::max())};
}

void decode_status(const Field& status, ServiceStatus& result) {
  const Field balancer = status["loadBalancer"];
  const Field ingress = balancer["ingress"];
  ingress.each([&](const Field& item) { result.ingress.push_back(decode_ingress(item)); });
  const Field conditions = status["conditions"];
  conditions.each([&](const Field& item) { result.conditions.push_back(decode_condition(item)); });
}

// `sessionAffinity: ClientIP` with its timeout.
std::optional<std::chrono::seconds> decode_affinity(const Field& spec) {
  enum class Affinity : std::uint8_t { kNone, kClientIp };
  static constexpr NamedValue<Affinity> kNames[] = {{"None", Affinity::kNone}, {"ClientIP", Affinity::kClientIp}};
  if (decode_enum(spec["sessionAffinity"], kNames) == Affinity::kNone) return std::nullopt;
  const Field settings = spec["sessionAffinityConfig"];
  const Field client_ip = settings["clientIP"];
  return std::chrono::seconds{client_ip["timeoutSeconds"].number(1, kAffinitySecondsMax, kDefaultAffinitySeconds)};
}

// API servers before 1.20, and 1.20 without dual stack, do not say the families: the cluster's own address does.
void decode_families(const Field& spec, Service& service) {
  static constexpr NamedValue<IpFamily> kFamilies[] = {{"IPv4", IpFamily::kIpv4}, {"IPv6", IpFamily::kIpv6}};
  static constexpr NamedValue<IpFamilyPolicy> kFamilyPolicies[] = {
      {"SingleStack", IpFamilyPolicy::kSingleStack},
      {"PreferDualStack", IpFamilyPolicy::kPreferDualStack},
      {"RequireDualStack", IpFamilyPolicy::kRequireDualStack}};
  const Field families = spec["ipFamilies"];
  families.each([&](const Field& family) { service.ip_families.push_back(decode_enum(family, kFamilies)); });
  service.ip_family_policy = decode_enum(spec["ipFamilyPolicy"], kFamilyPolicies);
  if (!service.ip_families.empty() || service.type == ServiceType::kExternalName) return;
  for (const auto& text : service.cluster_ips) {
    const auto address = net::IpAddress::parse(text);
    if (address) service.ip_families.push_back(address->is_v4() ? IpFamily::kIpv4 : IpFamily::kIpv6);
  }
  if (service.ip_families.empty()) service.ip_families.push_back(IpFamily::kIpv4);
}

}  // namespace

void decode_rest(const Field& root, Service& service) {
  static constexpr NamedValue<ServiceType> kTypes[] = {{"ClusterIP", ServiceType::kClusterIp},
                                                       {"NodePort", ServiceType::kNodePort},
                                                       {"LoadBalancer", ServiceType::kLoadBalancer},
                                                       {"ExternalName", ServiceType::kExternalName}};
  const Field metadata = root["metadata"];
  if (service.meta.name_space.empty()) metadata["namespace"].complain("a namespace");
  const Field spec = root["spec"];
  service.type = decode_enum(spec["type"], kTypes);
  if (spec["loadBalancerClass"].present()) service.load_balancer_class = spec["loadBalancerClass"].text();
  const Field ports = spec["ports"];
  ports.each([&](const Field& port) { service.ports.push_back(decode_port(port)); });
  service.external_traffic_policy = decode_enum(spec["externalTrafficPolicy"], kPolicies);
  service.internal_traffic_policy = decode_enum(spec["internalTrafficPolicy"], kPolicies);
  service.health_check_node_port = static_cast<std::uint16_t>(spec["healthCheckNodePort"].number(0, 65535));
  service.allocate_node_ports = spec["allocateLoadBalancerNodePorts"].flag(true);
  service.load_balancer_ip = spec["loadBalancerIP"].text();
  decode_texts(spec["loadBalancerSourceRanges"], service.source_ranges);
  decode_texts(spec["externalIPs"], service.external_ips);
  service.client_ip_affinity = decode_affinity(spec);
  service.publish_not_ready_addresses = spec["publishNotReadyAddresses"].flag(false);
  decode_texts(spec["clusterIPs"], service.cluster_ips);
  const auto cluster_ip = spec["clusterIP"].text();
  if (service.cluster_ips.empty() && !cluster_ip.empty()) service.cluster_ips.push_back(cluster_ip);
  decode_families(spec, service);
  const Field selector = spec["selector"];
  selector.each_member([&](std::string_view, const Field&) { service.has_selector = true; });
  decode_status(root["status"], service.status);
}

}  // namespace sluice::control::kube
