#pragma once
// How a Service's packets reach its nodes, and what that means for its promises. Pure.

#include <span>
#include <string>

#include "control/ipam/pool.h"
#include "control/kube/objects.h"
#include "control/plan.h"

namespace sluice::control {

// "full-nat", "dnat" or "dsr", for this Service whatever its pool says.
inline constexpr std::string_view kDeliveryAnnotation = "sluice.dev/delivery";

// Fills in `planned.delivery`, by the annotation or else by the pool of the Service's first address, and says of ports
// that cannot be delivered so why. What is odd about it becomes a note.
void choose_delivery(std::span<const ipam::Pool> pools, const kube::Service& service, PlannedService& planned);

// For `explain`.
std::string sentence_of(lb::Delivery delivery);

// What kube-proxy is told of the published address (KEP-1860): whether packets reach a node with it.
kube::IpMode ip_mode_of(lb::Delivery delivery);

}  // namespace sluice::control
