#include "control/service_events.h"

#include "control/desired.h"

namespace sluice::control {

std::vector<ServiceEvent> events_between(const PlannedService* before, const PlannedService& after) {
  using Stage = PlannedService::Stage;
  using enum kube::Reason;
  std::vector<ServiceEvent> events;
  const bool is_new = before == nullptr || before->meta.uid != after.meta.uid;
  const auto became = [&](Stage stage) { return after.stage == stage && (is_new || before->stage != stage); };

  // After a restart the finalizer is there already: nothing is being ensured anew.
  if (became(Stage::kReserved)) events.push_back({kEnsuringLoadBalancer, "Ensuring load balancer"});
  if (after.stage == Stage::kPending && (is_new || before->problem != after.problem)) {
    events.push_back({kAllocationFailed, after.problem});
  }
  if (after.stage == Stage::kServed) {
    const bool had_backends = !is_new && before->stage == Stage::kServed && before->has_backends();
    const bool is_first_look = is_new || before->stage != Stage::kServed;
    // At first, endpoints may merely not have come yet; only a cluster without nodes is worth a warning then (U9).
    if (!after.has_backends() && (had_backends || (is_first_look && after.nodes.empty()))) {
      events.push_back({kUnavailableLoadBalancer, "There are no available nodes for LoadBalancer"});
    }
    if (const auto broken = broken_promises(after);
        !broken.empty() && (is_first_look || broken != broken_promises(*before))) {
      events.push_back({kDeliveryDegraded, broken});
    }
    if (is_first_look || before->notes != after.notes) {
      for (const auto& note : after.notes) events.push_back({kAnnotationIgnored, note});
    }
  }
  if (became(Stage::kReleasing)) events.push_back({kDeletingLoadBalancer, "Deleting load balancer"});
  return events;
}

}  // namespace sluice::control
