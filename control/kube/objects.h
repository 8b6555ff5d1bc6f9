#pragma once
// What we read of Kubernetes objects, as plain values: Services, Nodes and EndpointSlices (discovery.k8s.io/v1).
//
// decode.h makes them from JSON with the API's defaults filled in, so that no reader needs to know that an absent
// `ready` means true. Names follow the API's fields. Addresses that the data path uses are parsed; text that is only
// compared or shown, or whose mistakes the reconciler has to report per Service, stays text.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/ip_family.h"
#include "net/address.h"

namespace sluice::control::kube {

inline constexpr std::string_view kOwnFinalizer = "sluice.dev/cleanup";
inline constexpr std::string_view kStandardFinalizer = "service.kubernetes.io/load-balancer-cleanup";

struct ObjectMeta {
  std::string name_space;  // Empty for Nodes.
  std::string name;
  std::string uid;
  std::string resource_version;  // Opaque: equality only.
  std::int64_t generation = 0;   // Zero for kinds that have none.
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::vector<std::string> finalizers;
  std::string creation_timestamp;  // RFC 3339, UTC; sorts by time.
  std::string deletion_timestamp;  // Empty while nobody deletes it.

  std::string key() const { return name_space.empty() ? name : name_space + "/" + name; }
  bool is_deleting() const { return !deletion_timestamp.empty(); }
  bool has_finalizer(std::string_view finalizer) const;
  bool operator==(const ObjectMeta&) const = default;
};

enum class Protocol : std::uint8_t { kTcp, kUdp, kSctp };
using control::IpFamily;
enum class ServiceType : std::uint8_t { kClusterIp, kNodePort, kLoadBalancer, kExternalName };
enum class TrafficPolicy : std::uint8_t { kCluster, kLocal };
enum class IpFamilyPolicy : std::uint8_t { kSingleStack, kPreferDualStack, kRequireDualStack };
enum class IpMode : std::uint8_t { kUnset, kVip, kProxy };  // KEP-1860; unset means VIP.

std::string_view to_string(Protocol protocol);      // "TCP"
using control::to_string;                           // Of IpFamily: "IPv4"
std::string_view to_string(ServiceType type);       // "LoadBalancer"
std::string_view to_string(TrafficPolicy policy);   // "Local"
std::string_view to_string(IpFamilyPolicy policy);  // "PreferDualStack"
std::string_view to_string(IpMode mode);            // "Proxy"; empty when unset

struct ServicePort {
  std::string name;
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
  std::uint16_t node_port = 0;  // Zero: none was allocated.
  std::string target_port;      // A number or the name of a container's port.
  std::string app_protocol;

  bool operator==(const ServicePort&) const = default;
};

// How one port of a published address fares (KEP-1435).
struct PortStatus {
  std::uint16_t port = 0;
  Protocol protocol = Protocol::kTcp;
  std::string error;  // CamelCase or a name in our domain; empty when all is well.

  bool operator==(const PortStatus&) const = default;
};

// One published address: `ip` or `hostname`, never both; `ip_mode` only with `ip`.
struct LoadBalancerIngress {
  std::string ip;
  std::string hostname;
  IpMode ip_mode = IpMode::kUnset;
  std::vector<PortStatus> ports;

  bool operator==(const LoadBalancerIngress&) const = default;
};

struct Condition {
  std::string type;
  std::string status;  // "True", "False" or "Unknown"
  std::string reason;  // CamelCase, never empty
  std::string message;
  std::string last_transition_time;  // RFC 3339
  std::int64_t observed_generation = 0;

  bool operator==(const Condition&) const = default;
};

struct ServiceStatus {
  std::vector<LoadBalancerIngress> ingress;
  std::vector<Condition> conditions;

  bool operator==(const ServiceStatus&) const = default;
};

struct Service {
  ObjectMeta meta;
  ServiceType type = ServiceType::kClusterIp;
  std::optional<std::string> load_balancer_class;
  std::vector<ServicePort> ports;
  TrafficPolicy external_traffic_policy = TrafficPolicy::kCluster;
  TrafficPolicy internal_traffic_policy = TrafficPolicy::kCluster;
  std::uint16_t health_check_node_port = 0;  // Zero: none.
  bool allocate_node_ports = true;           // allocateLoadBalancerNodePorts
  std::string load_balancer_ip;              // What the user asks for; may be nonsense.
  std::vector<std::string> source_ranges;    // loadBalancerSourceRanges as written; may have blanks around.
  std::vector<std::string> external_ips;
  std::optional<std::chrono::seconds> client_ip_affinity;  // sessionAffinity: ClientIP; its timeout
  std::vector<IpFamily> ip_families;                       // First one is the main one; empty for ExternalName.
  IpFamilyPolicy ip_family_policy = IpFamilyPolicy::kSingleStack;
  bool publish_not_ready_addresses = false;
  std::vector<std::string> cluster_ips;  // "None" for a headless Service.
  bool has_selector = false;
  ServiceStatus status;

  bool operator==(const Service&) const = default;
};

struct Taint {
  std::string key;
  std::string value;
  std::string effect;

  bool operator==(const Taint&) const = default;
};

struct Node {
  ObjectMeta meta;
  std::string provider_id;
  bool unschedulable = false;  // Shown, never a reason to leave a node out (KUBERNETES.md N3).
  std::optional<bool> ready;   // Condition Ready; none when unknown. Shown, never a reason either.
  std::vector<Taint> taints;
  std::vector<net::IpAddress> internal_ips;  // In the API's order.
  std::vector<net::IpAddress> external_ips;

  bool has_taint(std::string_view key) const;
  bool operator==(const Node&) const = default;
};

enum class AddressType : std::uint8_t { kIpv4, kIpv6, kFqdn };

struct EndpointPort {
  std::string name;
  Protocol protocol = Protocol::kTcp;
  std::optional<std::uint16_t> port;  // None: all ports.
  bool operator==(const EndpointPort&) const = default;
};

struct Endpoint {
  std::vector<net::IpAddress> addresses;  // Those of one pod; empty in a slice of host names.
  bool ready = true;
  bool serving = true;  // Absent in the API: as ready.
  bool terminating = false;
  std::string node_name;  // Empty when the slice does not say: cannot count for Local.
  std::string target;     // "Pod ingress-nginx/controller-7d", for `explain`; may be empty.

  bool operator==(const Endpoint&) const = default;
};

struct EndpointSlice {
  ObjectMeta meta;
  AddressType address_type = AddressType::kIpv4;
  std::string service_name;  // Of label kubernetes.io/service-name; empty: belongs to no Service.
  std::vector<Endpoint> endpoints;
  std::vector<EndpointPort> ports;

  bool operator==(const EndpointSlice&) const = default;
};

// An object that could not be read. What of its metadata could be read is here, for the event and for `show`.
struct Malformed {
  std::string resource;  // "services", "nodes", "endpointslices"
  ObjectMeta meta;
  std::string sentence;  // "spec.ports[1].port: expected a number from 1 to 65535, got "http""

  bool operator==(const Malformed&) const = default;
};

}  // namespace sluice::control::kube
