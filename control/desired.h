#pragma once
// What the API shall say of a Service: its published address, the state of its ports, our conditions. Pure.

#include "control/kube/service_writes.h"
#include "control/plan.h"

namespace sluice::control {

inline constexpr std::string_view kProvisioned = "sluice.dev/Provisioned";
inline constexpr std::string_view kDegraded = "sluice.dev/Degraded";
inline constexpr std::string_view kPortsError = "LoadBalancerPortsError";  // KEP-1435

// For a service that is being released: call it after the data path has let go.
kube::Desired desired(const PlannedService& service);

// The promises of the Service that its delivery cannot keep, as one sentence; empty when it keeps all.
std::string broken_promises(const PlannedService& service);

}  // namespace sluice::control
