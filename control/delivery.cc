#include "control/delivery.h"

namespace sluice::control {
namespace {

using lb::Delivery;

Delivery delivery_of_pools(std::span<const ipam::Pool> pools, PlannedService& planned) {
  std::optional<Delivery> first;
  for (const auto& vip : planned.vips) {
    const auto* pool = ipam::find_pool(pools, vip.address);
    if (pool == nullptr) continue;
    if (!first) first = pool->delivery;
    if (*first == pool->delivery) continue;
    planned.notes.push_back("delivery is " + std::string{to_string(*first)} + " for all addresses, as pool " +
                            planned.vips.front().pool + " has it; pool " + pool->name + " would have " +
                            std::string{to_string(pool->delivery)});
  }
  return first.value_or(Delivery::kFullNat);
}

}  // namespace

void choose_delivery(std::span<const ipam::Pool> pools, const kube::Service& service, PlannedService& planned) {
  const auto asked = service.meta.annotations.find(std::string{kDeliveryAnnotation});
  const bool is_asked = asked != service.meta.annotations.end();
  const auto wanted = is_asked ? lb::parse_delivery(asked->second) : std::nullopt;
  planned.delivery = wanted ? *wanted : delivery_of_pools(pools, planned);
  if (is_asked && !wanted) {
    planned.notes.push_back("annotation " + std::string{kDeliveryAnnotation} +
                            ": expected full-nat, dnat or dsr, got \"" + asked->second + "\"; it is " +
                            std::string{to_string(planned.delivery)} + ", as if it were not there");
  }
  if (!lb::needs_node_port(planned.delivery)) return;
  for (auto& port : planned.ports) {
    if (!port.is_served() || port.node_port != 0) continue;
    port.error = "sluice.dev/NoNodePort";
    port.problem = "no node port is allocated, and delivery " + std::string{to_string(planned.delivery)} +
                   " sends to node ports (allocateLoadBalancerNodePorts must not be false)";
  }
}

std::string sentence_of(Delivery delivery) {
  switch (delivery) {
    case Delivery::kFullNat: return "full-nat: nodes see the appliance's address, clients keep talking to the VIP";
    case Delivery::kDnat:
      return "dnat: nodes see the client's address at their node port; their way back to it must lead through the "
             "appliance. A client beside the nodes is delivered by full-nat";
    case Delivery::kDsr:
      return "dsr: nodes on our own wires get the packet as it came, serve the VIP themselves and answer the client "
             "past the appliance";
  }
  return {};
}

kube::IpMode ip_mode_of(Delivery delivery) {
  return delivery == Delivery::kDsr ? kube::IpMode::kVip : kube::IpMode::kProxy;
}

}  // namespace sluice::control
