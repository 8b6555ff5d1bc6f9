#include "control/desired.h"

#include <algorithm>

#include "control/delivery.h"

namespace sluice::control {
namespace {

using Stage = PlannedService::Stage;

// "203.0.113.64 from pool public, 2001:db8::1 from pool public"
std::string told(const std::vector<PlannedVip>& vips) {
  std::string text;
  for (const auto& vip : vips) text += (text.empty() ? "" : ", ") + vip.address.to_string() + " from pool " + vip.pool;
  return text;
}

kube::Condition provisioned(const PlannedService& service) {
  if (service.stage == Stage::kServed) {
    return {
        .type = std::string{kProvisioned}, .status = "True", .reason = "Provisioned", .message = told(service.vips)};
  }
  return {
      .type = std::string{kProvisioned}, .status = "False", .reason = "AllocationFailed", .message = service.problem};
}

std::vector<kube::LoadBalancerIngress> ingress(const PlannedService& service) {
  std::vector<kube::PortStatus> ports;
  for (const auto& port : service.ports) {
    ports.push_back({.port = port.port, .protocol = port.protocol, .error = port.error});
  }
  std::vector<kube::LoadBalancerIngress> entries;
  for (const auto& vip : service.vips) {
    entries.push_back({.ip = vip.address.to_string(), .ip_mode = ip_mode_of(service.delivery), .ports = ports});
  }
  return entries;
}

std::string port_problems(const PlannedService& service) {
  std::string text;
  for (const auto& port : service.ports) {
    if (port.is_served()) continue;
    text += (text.empty() ? "" : "; ") + std::string{kube::to_string(port.protocol)} + " " + std::to_string(port.port) +
            ": " + port.problem;
  }
  return text;
}

std::string broken_policy(const PlannedService& service) {
  if (service.traffic_policy != kube::TrafficPolicy::kLocal || lb::keeps_client(service.delivery)) return {};
  return "externalTrafficPolicy Local is honoured for the choice of nodes, but delivery full-nat hides the client's "
         "address from the pods";
}

// As KEP-4631 names them.
std::string reason_of_degradation(const PlannedService& service) {
  if (service.missing_family.empty()) return "ExternalTrafficPolicyNotSupported";
  return broken_policy(service).empty() ? "IPFamiliesNotSupported" : "Multiple";
}

}  // namespace

std::string broken_promises(const PlannedService& service) {
  const std::string policy = broken_policy(service);
  if (policy.empty() || service.missing_family.empty()) return policy + service.missing_family;
  return service.missing_family + "; " + policy;
}

kube::Desired desired(const PlannedService& service) {
  kube::Desired desired;
  if (service.stage == Stage::kReleasing) {
    desired.stage = kube::Desired::Stage::kTornDown;
    return desired;
  }
  desired.stage = kube::Desired::Stage::kOurs;
  if (service.stage == Stage::kReserved) return desired;  // Finalizers first.
  desired.conditions.push_back(provisioned(service));
  if (service.stage == Stage::kPending) return desired;  // A published address, if any, stays as it is.
  desired.ingress = ingress(service);
  if (const auto broken = broken_promises(service); !broken.empty()) {
    desired.conditions.push_back({.type = std::string{kDegraded},
                                  .status = "True",
                                  .reason = reason_of_degradation(service),
                                  .message = broken});
  }
  if (const auto problems = port_problems(service); !problems.empty()) {
    desired.conditions.push_back(
        {.type = std::string{kPortsError}, .status = "True", .reason = "PortsNotSupported", .message = problems});
  }
  return desired;
}

}  // namespace sluice::control
