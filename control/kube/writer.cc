#include "control/kube/writer.h"

#include <algorithm>
#include <utility>

#include "control/kube/decode.h"
#include "control/kube/percent.h"

namespace sluice::control::kube {
namespace {

constexpr std::size_t kInFlightMax = 16;

bool is_refused(const Response& response) { return response.status == 409 || response.status == 422; }

}  // namespace

struct ServiceWriter::Entry {
  explicit Entry(const Pace& pace) : backoff{pace.write_retry_min, pace.write_retry_max} {}

  // What to compare with: our own write's answer until the watch shows something newer than what we wrote on.
  const Service& base() const { return answer && observed.meta.resource_version == answered_from ? *answer : observed; }

  Service observed;
  Desired desired;
  std::optional<Service> answer;
  std::string answered_from;  // resourceVersion of `observed` when `answer` came.
  std::optional<Settled> settled;
  std::string gone_uid;  // This object is no more; the watch has not said so yet.

  Desired sent;
  HttpClient::Handle request;
  bool in_flight = false;
  bool waits = false;    // In ServiceWriter::waiting_.
  bool refused = false;  // 409 or 422: a newer version or another wish is tried at once.
  Reactor::TimerId timer = 0;
  std::string accepted;  // Body of the last write that was.
  Backoff backoff;
  int refusals = 0;      // In a row.
  std::string sentence;  // Of the last failure, so that it is told once.
};

ServiceWriter::ServiceWriter(Api& api, Pace pace, Callbacks callbacks)
    : api_{api}, pace_{std::move(pace)}, callbacks_{std::move(callbacks)} {}

ServiceWriter::~ServiceWriter() {
  for (const auto& [key, entry] : entries_) api_.reactor().cancel(entry->timer);
}

void ServiceWriter::want(const Service& observed, Desired desired) {
  const auto key = observed.meta.key();
  const auto found = entries_.find(key);
  if (found == entries_.end() && desired.stage == Desired::Stage::kForeign) return;
  // Another object of the same name has nothing to do with what was written before.
  if (found != entries_.end() && found->second->observed.meta.uid != observed.meta.uid) forget(key);
  auto& slot = entries_[key];
  const bool is_new = slot == nullptr;
  if (is_new) slot = std::make_shared<Entry>(pace_);
  const auto held = slot;
  const bool is_same =
      held->observed.meta.resource_version == observed.meta.resource_version && held->desired == desired;
  if (is_same && !is_new) return;
  held->observed = observed;
  held->desired = std::move(desired);
  if (held->refused) api_.reactor().cancel(std::exchange(held->timer, 0));
  step(held);
}

void ServiceWriter::retry_now() {
  const auto entries = entries_;
  for (const auto& [key, entry] : entries) {
    if (entry->timer == 0 || entry->refused) continue;
    api_.reactor().cancel(std::exchange(entry->timer, 0));
    step(entry);
  }
}

void ServiceWriter::forget(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  const auto entry = found->second;
  entries_.erase(found);
  api_.reactor().cancel(entry->timer);
  entry->request.reset();
  if (std::exchange(entry->in_flight, false)) --in_flight_;
  step_waiting();
}

std::size_t ServiceWriter::pending() const {
  return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), [](const auto& item) {
    return item.second->in_flight || item.second->waits || item.second->timer != 0;
  }));
}

void ServiceWriter::step(const EntryPtr& entry) {
  if (entry->in_flight || entry->waits || entry->timer != 0) return;
  if (!entry->gone_uid.empty() && entry->gone_uid == entry->observed.meta.uid) return;
  auto writes = plan_writes(entry->base(), entry->desired, entry->settled, pace_.timestamp());
  if (writes.empty()) return;
  if (in_flight_ >= kInFlightMax) {
    entry->waits = true;
    waiting_.push_back(entry);
    return;
  }
  // Accepted, and yet it is to be written again: somebody undoes what we write. Not as fast as the network carries it.
  if (writes.front().body == std::exchange(entry->accepted, {})) return step_later(entry, entry->backoff.next(pace_));
  send(entry, std::move(writes.front()));
}

void ServiceWriter::step_later(const EntryPtr& entry, Milliseconds delay) {
  entry->timer = api_.reactor().after(delay, [this, weak = std::weak_ptr{entry}] {
    const auto held = weak.lock();
    if (!held) return;
    held->timer = 0;
    step(held);
  });
}

void ServiceWriter::send(const EntryPtr& entry, Write write) {
  const auto& meta = entry->observed.meta;
  HttpRequest request;
  request.method = "PATCH";
  request.path = "/api/v1/namespaces/" + percent_encode(meta.name_space) + "/services/" + percent_encode(meta.name) +
                 "/status?fieldManager=sluice";
  request.headers = {"Content-Type: application/strategic-merge-patch+json", "Accept: application/json"};
  request.body = write.body;
  request.connect_timeout = pace_.connect_timeout;
  request.timeout = pace_.request_timeout;
  request.on_done = [this, weak = std::weak_ptr{entry}, write](const Response& response) {
    if (const auto held = weak.lock()) finish(held, write, response);
  };
  entry->in_flight = true;
  entry->refused = false;
  entry->sent = entry->desired;
  ++in_flight_;
  entry->request = api_.send(std::move(request));
}

void ServiceWriter::finish(const EntryPtr& entry, const Write& write, const Response& response) {
  entry->in_flight = false;
  --in_flight_;
  if (!response.error.empty()) {
    refuse(entry, response);
  } else if (response.status == 200) {
    accept(entry, write, response);
  } else if (response.status == 404) {
    entry->gone_uid = entry->observed.meta.uid;
    if (write.kind == Write::Kind::kRelease && callbacks_.on_written) {
      const auto last_seen = entry->observed;
      callbacks_.on_written(last_seen, write.kind);
    }
  } else {
    refuse(entry, response);
  }
  if (holds(entry)) step(entry);
  step_waiting();
}

void ServiceWriter::accept(const EntryPtr& entry, const Write& write, const Response& response) {
  auto answer = decode_object<Service>(response.body);
  if (!answer || !answer->complaint.empty()) {
    const auto& what = answer ? answer->complaint : answer.message();
    return refuse(entry, {.error = "the answer cannot be read: " + what});
  }
  if (entry->accepted.empty()) entry->backoff.reset();
  entry->accepted = write.body;
  entry->refusals = 0;
  entry->sentence.clear();
  const auto after = std::move(answer->object);
  if (write.kind == Write::Kind::kStatus) entry->settled = Settled{entry->sent, after.status};
  // The watch may have shown this version already, or one past it: then what it showed counts.
  entry->answered_from = entry->observed.meta.resource_version;
  entry->answer = after;
  if (callbacks_.on_written) callbacks_.on_written(after, write.kind);
}

void ServiceWriter::refuse(const EntryPtr& entry, const Response& response) {
  entry->refused = response.error.empty() && is_refused(response);
  entry->refusals = entry->refused ? entry->refusals + 1 : 0;
  const auto asked = std::chrono::duration_cast<Milliseconds>(response.retry_after.value_or(std::chrono::seconds{0}));
  step_later(entry, std::max(asked, entry->backoff.next(pace_)));
  // One refusal is the ordinary race with somebody else's write.
  if (entry->refusals == 1) return;
  const auto sentence = "patch service " + entry->observed.meta.key() + ": " + describe(response);
  if (sentence == entry->sentence) return;
  entry->sentence = sentence;
  const auto service = entry->observed;
  if (callbacks_.on_failed) callbacks_.on_failed(service, sentence);
}

void ServiceWriter::step_waiting() {
  while (!waiting_.empty() && in_flight_ < kInFlightMax) {
    const auto entry = waiting_.front();
    waiting_.pop_front();
    entry->waits = false;
    if (holds(entry)) step(entry);
  }
}

bool ServiceWriter::holds(const EntryPtr& entry) const {
  const auto found = entries_.find(entry->observed.meta.key());
  return found != entries_.end() && found->second == entry;
}

}  // namespace sluice::control::kube
