#include "control/cluster_link.h"

#include <algorithm>

#include "base/log.h"
#include "control/desired.h"
#include "control/service_events.h"

namespace sluice::control {

ClusterLink::ClusterLink(Reactor& reactor, kube::HttpClient& http, ClusterOptions options, std::string instance,
                         std::function<void()> on_change)
    : options_{std::move(options)},
      api_{reactor, http, options_.access},
      events_{api_, kube::Pace{}, std::move(instance)},
      writer_{api_,
              kube::Pace{},
              {.on_written = [this](const auto& service, auto kind) { on_written(service, kind); },
               .on_failed =
                   [this](const kube::Service& service, const std::string& sentence) {
                     spdlog::warn("cluster {}: service {}: {}", options_.name, service.meta.key(), sentence);
                     events_.record(service.meta, kube::Reason::kSyncLoadBalancerFailed, sentence);
                   }}},
      cluster_{options_.name, api_, kube::Pace{}, [this, on_change = std::move(on_change)] {
                 retry_when_reconnected();
                 on_change();
               }} {}

// What could not be written while the API was away need not wait for its turn any more.
void ClusterLink::retry_when_reconnected() {
  const bool is_connected = std::ranges::all_of(cluster_.feeds(), &kube::Feed::connected);
  if (is_connected && !was_connected_) writer_.retry_now();
  was_connected_ = is_connected;
}

ClusterInput ClusterLink::input() const {
  return {.name = options_.name,
          .load_balancer_classes = options_.load_balancer_classes,
          .claim_classless = options_.claim_classless,
          .state = &cluster_.state()};
}

void ClusterLink::on_written(const kube::Service& service, kube::Write::Kind kind) {
  switch (kind) {
    case kube::Write::Kind::kAddFinalizers: break;
    case kube::Write::Kind::kStatus:
      if (service.status.ingress.empty()) break;
      for (const auto& ingress : service.status.ingress) {
        spdlog::info("cluster {}: service {} is published at {}", options_.name, service.meta.key(), ingress.ip);
      }
      events_.record(service.meta, kube::Reason::kEnsuredLoadBalancer, "Ensured load balancer");
      break;
    case kube::Write::Kind::kRelease:
      spdlog::info("cluster {}: service {} is released", options_.name, service.meta.key());
      events_.record(service.meta, kube::Reason::kDeletedLoadBalancer, "Deleted load balancer");
      break;
  }
}

void ClusterLink::tell(const Plan& before, const Plan& after) {
  if (synced() && !was_synced_) spdlog::info("cluster {} is read: serving its Services", options_.name);
  was_synced_ = synced();
  std::set<std::string> present;
  for (const auto& planned : after.services) {
    if (planned.cluster != options_.name) continue;
    const auto observed = cluster_.state().services.find(planned.key());
    if (observed == cluster_.state().services.end()) continue;
    for (const auto& event : events_between(before.find(options_.name, planned.key()), planned)) {
      events_.record(planned.meta, event.reason, event.message);
    }
    writer_.want(observed->second, desired(planned));
    present.insert(planned.key());
  }
  for (const auto& key : told_services_) {
    if (!present.contains(key)) writer_.forget(key);
  }
  told_services_ = std::move(present);
  tell_malformed();
}

// One event for each new mistake; the last good version goes on being served.
void ClusterLink::tell_malformed() {
  std::map<std::string, std::string> now;
  for (const auto& [key, malformed] : cluster_.state().malformed) {
    now[key] = malformed.sentence;
    const auto told = told_malformed_.find(key);
    if (told != told_malformed_.end() && told->second == malformed.sentence) continue;
    spdlog::warn("cluster {}: malformed object {}: {}", options_.name, key, malformed.sentence);
    if (malformed.resource == "services")
      events_.record(malformed.meta, kube::Reason::kMalformedObject, malformed.sentence);
  }
  told_malformed_ = std::move(now);
}

}  // namespace sluice::control
