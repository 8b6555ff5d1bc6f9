#pragma once
// What the world is told of a Service's fate: from two plans, the events between them. Pure.

#include <string>
#include <vector>

#include "control/kube/events.h"
#include "control/plan.h"

namespace sluice::control {

struct ServiceEvent {
  kube::Reason reason;
  std::string message;
  friend bool operator==(const ServiceEvent&, const ServiceEvent&) = default;
};

// `before` is null when the Service was not ours (or not known) in the plan before.
std::vector<ServiceEvent> events_between(const PlannedService* before, const PlannedService& after);

}  // namespace sluice::control
