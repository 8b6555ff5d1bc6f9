#pragma once
// Events about Services (core/v1), with the cloud controller's reasons because people look for them. Repeats within a
// window become a count in the same object, written with some distance; never one event per retry. Best effort: an
// event that the API refuses is logged and dropped.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "control/kube/api.h"
#include "control/kube/objects.h"
#include "control/kube/pace.h"

namespace sluice::control::kube {

enum class Reason : unsigned char {
  kEnsuringLoadBalancer,
  kEnsuredLoadBalancer,
  kUpdatedLoadBalancer,
  kDeletingLoadBalancer,
  kDeletedLoadBalancer,
  kSyncLoadBalancerFailed,  // Warning from here on.
  kUpdateLoadBalancerFailed,
  kDeleteLoadBalancerFailed,
  kUnavailableLoadBalancer,  // "UnAvailableLoadBalancer", spelt as upstream does
  kAllocationFailed,
  kMalformedObject,
  kDeliveryDegraded,
  kSourceRangesIgnored,
  kAnnotationIgnored,
};
std::string_view to_string(Reason reason);
bool is_warning(Reason reason);

class EventRecorder {
 public:
  // `instance` names this appliance (its host name). `api` outlives the recorder.
  EventRecorder(Api& api, Pace pace, std::string instance);
  ~EventRecorder();
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  // `service` need only have namespace, name and uid, so that also a malformed object can have one.
  void record(const ObjectMeta& service, Reason reason, std::string_view message);

 private:
  struct Series;
  using SeriesPtr = std::shared_ptr<Series>;

  SeriesPtr find_or_add(const ObjectMeta& service, Reason reason, std::string_view message);
  void schedule(const SeriesPtr& series);
  void write(const SeriesPtr& series);
  void written(const SeriesPtr& series, const Response& response);
  void forget_old();

  Api& api_;
  Pace pace_;
  std::string instance_;
  std::map<std::string, SeriesPtr> series_;  // By uid, reason and message.
  std::deque<SeriesPtr> waiting_;            // For their turn, when too many are in flight.
  std::size_t in_flight_ = 0;
  std::uint64_t next_number_ = 1;
  Reactor::Clock::time_point swept_{};
};

}  // namespace sluice::control::kube
