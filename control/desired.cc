#include "control/desired.h"

#include <algorithm>

namespace sluice::control {
namespace {

using Stage = PlannedService::Stage;

kube::Condition provisioned(const PlannedService& service) {
  if (service.stage == Stage::kServed) {
    return {.type = std::string{kProvisioned},
            .status = "True",
            .reason = "Provisioned",
            .message = service.vip->to_string() + " from pool " + service.pool};
  }
  return {
      .type = std::string{kProvisioned}, .status = "False", .reason = "AllocationFailed", .message = service.problem};
}

std::vector<kube::LoadBalancerIngress> ingress(const PlannedService& service) {
  kube::LoadBalancerIngress entry{.ip = service.vip->to_string(), .ip_mode = kube::IpMode::kProxy};
  for (const auto& port : service.ports) {
    entry.ports.push_back({.port = port.port, .protocol = port.protocol, .error = port.error});
  }
  return {entry};
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

}  // namespace

std::string broken_promises(const PlannedService& service) {
  if (service.traffic_policy != kube::TrafficPolicy::kLocal) return {};
  return "externalTrafficPolicy Local is honoured for the choice of nodes, but delivery full-nat hides the client's "
         "address from the pods";
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
                                  .reason = "ExternalTrafficPolicyNotSupported",
                                  .message = broken});
  }
  if (const auto problems = port_problems(service); !problems.empty()) {
    desired.conditions.push_back(
        {.type = std::string{kPortsError}, .status = "True", .reason = "PortsNotSupported", .message = problems});
  }
  return desired;
}

}  // namespace sluice::control
