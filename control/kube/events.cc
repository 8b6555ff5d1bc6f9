#include "control/kube/events.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <spdlog/spdlog.h>

#include "control/kube/json_writer.h"
#include "control/kube/percent.h"

namespace sluice::control::kube {
namespace {

using Clock = Reactor::Clock;

constexpr std::size_t kSeriesPerObjectMax = 25;  // Different events about one Service in a window, as client-go.
constexpr std::size_t kSeriesMax = 20'000;
constexpr std::size_t kInFlightMax = 8;
constexpr std::chrono::minutes kSweepInterval{1};
constexpr std::size_t kMessageMax = 1024;  // The API's limit.

std::string shorten(std::string_view message) {
  if (message.size() <= kMessageMax) return std::string{message};
  std::size_t length = kMessageMax - 3;
  while (length > 0 && (static_cast<unsigned char>(message[length]) & 0xc0) == 0x80) --length;
  return std::string{message.substr(0, length)} + "...";
}

}  // namespace

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::kEnsuringLoadBalancer: return "EnsuringLoadBalancer";
    case Reason::kEnsuredLoadBalancer: return "EnsuredLoadBalancer";
    case Reason::kUpdatedLoadBalancer: return "UpdatedLoadBalancer";
    case Reason::kDeletingLoadBalancer: return "DeletingLoadBalancer";
    case Reason::kDeletedLoadBalancer: return "DeletedLoadBalancer";
    case Reason::kSyncLoadBalancerFailed: return "SyncLoadBalancerFailed";
    case Reason::kUpdateLoadBalancerFailed: return "UpdateLoadBalancerFailed";
    case Reason::kDeleteLoadBalancerFailed: return "DeleteLoadBalancerFailed";
    case Reason::kUnavailableLoadBalancer: return "UnAvailableLoadBalancer";
    case Reason::kAllocationFailed: return "AllocationFailed";
    case Reason::kMalformedObject: return "MalformedObject";
    case Reason::kDeliveryDegraded: return "DeliveryDegraded";
    case Reason::kSourceRangesIgnored: return "SourceRangesIgnored";
    case Reason::kAnnotationIgnored: return "AnnotationIgnored";
  }
  return "";
}

bool is_warning(Reason reason) { return reason >= Reason::kSyncLoadBalancerFailed; }

struct EventRecorder::Series {
  ObjectMeta service;
  Reason reason = Reason::kEnsuringLoadBalancer;
  std::string message;
  std::string name;  // Of the event object; new when the API lost the old one.
  std::string first_timestamp;
  std::string last_timestamp;
  std::uint64_t count = 0;
  std::uint64_t written_count = 0;  // Zero: the object does not exist yet.
  std::uint64_t sent_count = 0;
  Clock::time_point began{};
  Clock::time_point last_write{};
  HttpClient::Handle request;
  bool in_flight = false;
  bool waits = false;  // In EventRecorder::waiting_.
  Reactor::TimerId timer = 0;

  std::string path() const { return "/api/v1/namespaces/" + percent_encode(service.name_space) + "/events"; }
  std::string creation(const std::string& instance) const;
  std::string repetition() const;
};

// core/v1 Event, in the form of the cloud controller's.
std::string EventRecorder::Series::creation(const std::string& instance) const {
  JsonWriter json;
  json.begin_object().field("kind", "Event").field("apiVersion", "v1");
  json.key("metadata").begin_object().field("name", name).field("namespace", service.name_space).end_object();
  json.key("involvedObject").begin_object().field("kind", "Service").field("apiVersion", "v1");
  json.field("namespace", service.name_space).field("name", service.name).field("uid", service.uid).end_object();
  json.field("reason", to_string(reason)).field("message", message);
  json.field("type", is_warning(reason) ? "Warning" : "Normal");
  json.key("source").begin_object().field("component", "sluice").field("host", instance).end_object();
  json.field("reportingComponent", "sluice").field("reportingInstance", instance);
  json.field("firstTimestamp", first_timestamp).field("lastTimestamp", last_timestamp);
  json.field("count", static_cast<std::int64_t>(count)).end_object();
  return json.take();
}

std::string EventRecorder::Series::repetition() const {
  JsonWriter json;
  json.begin_object().field("count", static_cast<std::int64_t>(count));
  json.field("lastTimestamp", last_timestamp).end_object();
  return json.take();
}

EventRecorder::EventRecorder(Api& api, Pace pace, std::string instance)
    : api_{api}, pace_{std::move(pace)}, instance_{std::move(instance)} {}

EventRecorder::~EventRecorder() {
  for (const auto& [key, series] : series_) api_.reactor().cancel(series->timer);
}

void EventRecorder::record(const ObjectMeta& service, Reason reason, std::string_view message) {
  if (service.name.empty() || service.name_space.empty()) return;  // The API has no place for it.
  forget_old();
  const auto series = find_or_add(service, reason, message);
  if (!series) return;
  ++series->count;
  series->last_timestamp = pace_.timestamp();
  schedule(series);
}

EventRecorder::SeriesPtr EventRecorder::find_or_add(const ObjectMeta& service, Reason reason,
                                                    std::string_view message) {
  const auto owner = service.uid + "\n" + service.key() + "\n";
  auto key = owner + std::string{to_string(reason)} + "\n" + std::string{message};
  const auto found = series_.find(key);
  if (found != series_.end()) return found->second;
  const auto first = series_.lower_bound(owner);
  const auto is_other = [&owner](const auto& item) { return !item.first.starts_with(owner); };
  const auto siblings = std::distance(first, std::find_if(first, series_.end(), is_other));
  if (static_cast<std::size_t>(siblings) >= kSeriesPerObjectMax || series_.size() >= kSeriesMax) {
    spdlog::debug("event {} about {} not sent, there were too many: {}", to_string(reason), service.key(), message);
    return nullptr;
  }
  auto series = std::make_shared<Series>();
  series->service.name_space = service.name_space;
  series->service.name = service.name;
  series->service.uid = service.uid;
  series->reason = reason;
  series->message = shorten(message);
  series->first_timestamp = pace_.timestamp();
  series->began = Clock::now();
  series_.emplace(std::move(key), series);
  return series;
}

// The first at once, its repeats with some distance.
void EventRecorder::schedule(const SeriesPtr& series) {
  if (series->in_flight || series->waits || series->timer != 0 || series->count == series->written_count) return;
  if (series->written_count == 0) return write(series);
  const auto due = series->last_write + pace_.event_spacing;
  const auto delay = std::max(Clock::duration::zero(), due - Clock::now());
  series->timer = api_.reactor().after(delay, [this, weak = std::weak_ptr{series}] {
    const auto held = weak.lock();
    if (!held) return;
    held->timer = 0;
    write(held);
  });
}

void EventRecorder::write(const SeriesPtr& series) {
  if (in_flight_ >= kInFlightMax) {
    series->waits = true;
    waiting_.push_back(series);
    return;
  }
  const bool exists = series->written_count != 0;
  HttpRequest request;
  if (!exists) {
    // As client-go: the object's name and the time, made unique.
    char suffix[40];
    const auto ticks = std::chrono::system_clock::now().time_since_epoch().count();
    std::snprintf(suffix, sizeof suffix, ".%llx%04llx", static_cast<unsigned long long>(ticks),
                  static_cast<unsigned long long>(next_number_++ & 0xffff));
    series->name = series->service.name + suffix;
  }
  request.method = exists ? "PATCH" : "POST";
  request.path = series->path() + (exists ? "/" + percent_encode(series->name) : "") + "?fieldManager=sluice";
  request.headers = {std::string{"Content-Type: application/"} + (exists ? "merge-patch+json" : "json"),
                     "Accept: application/json"};
  request.body = exists ? series->repetition() : series->creation(instance_);
  request.connect_timeout = pace_.connect_timeout;
  request.timeout = pace_.request_timeout;
  request.on_done = [this, weak = std::weak_ptr{series}](const Response& response) {
    if (const auto held = weak.lock()) written(held, response);
  };
  series->sent_count = series->count;
  series->in_flight = true;
  ++in_flight_;
  series->request = api_.send(std::move(request));
}

void EventRecorder::written(const SeriesPtr& series, const Response& response) {
  series->in_flight = false;
  series->last_write = Clock::now();
  --in_flight_;
  while (!waiting_.empty() && in_flight_ < kInFlightMax) {
    const auto next = waiting_.front();
    waiting_.pop_front();
    next->waits = false;
    write(next);
  }
  const bool done = response.error.empty() && (response.status == 200 || response.status == 201);
  if (response.status == 404 && series->written_count != 0) {
    series->written_count = 0;  // Events live for an hour: this one is over, another begins.
    return schedule(series);
  }
  if (!done) {
    spdlog::info("event {} about {} was not taken: {}", to_string(series->reason), series->service.key(),
                 describe(response));
  }
  // What was refused is dropped, so that trying again never becomes a flood; a repeat tries anew.
  if (done) series->written_count = series->sent_count;
  if (done || series->count != series->sent_count) schedule(series);
}

void EventRecorder::forget_old() {
  const auto now = Clock::now();
  if (now - swept_ < std::min<Clock::duration>(kSweepInterval, pace_.event_window)) return;
  swept_ = now;
  std::erase_if(series_, [&](const auto& item) {
    const auto& series = *item.second;
    return now - series.began >= pace_.event_window && !series.in_flight && !series.waits && series.timer == 0;
  });
}

}  // namespace sluice::control::kube
