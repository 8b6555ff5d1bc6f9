#include "control/kube/objects.h"

#include <algorithm>

namespace sluice::control::kube {

bool ObjectMeta::has_finalizer(std::string_view finalizer) const {
  return std::find(finalizers.begin(), finalizers.end(), finalizer) != finalizers.end();
}

bool Node::has_taint(std::string_view key) const {
  return std::any_of(taints.begin(), taints.end(), [key](const Taint& taint) { return taint.key == key; });
}

std::string_view to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp: return "TCP";
    case Protocol::kUdp: return "UDP";
    case Protocol::kSctp: return "SCTP";
  }
  return "";
}

std::string_view to_string(ServiceType type) {
  switch (type) {
    case ServiceType::kClusterIp: return "ClusterIP";
    case ServiceType::kNodePort: return "NodePort";
    case ServiceType::kLoadBalancer: return "LoadBalancer";
    case ServiceType::kExternalName: return "ExternalName";
  }
  return "";
}

std::string_view to_string(TrafficPolicy policy) { return policy == TrafficPolicy::kLocal ? "Local" : "Cluster"; }

std::string_view to_string(IpFamilyPolicy policy) {
  switch (policy) {
    case IpFamilyPolicy::kSingleStack: return "SingleStack";
    case IpFamilyPolicy::kPreferDualStack: return "PreferDualStack";
    case IpFamilyPolicy::kRequireDualStack: return "RequireDualStack";
  }
  return "";
}

std::string_view to_string(IpMode mode) {
  switch (mode) {
    case IpMode::kUnset: return "";
    case IpMode::kVip: return "VIP";
    case IpMode::kProxy: return "Proxy";
  }
  return "";
}

}  // namespace sluice::control::kube
