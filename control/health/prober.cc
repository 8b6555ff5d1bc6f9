#include "control/health/prober.h"

#include "base/log.h"

namespace sluice::control::health {
namespace {

constexpr std::size_t kInFlightMax = 256;  // Each is a socket for as long as the timeout.
constexpr std::chrono::milliseconds kUrgentInterval{50};
constexpr std::size_t kAnswerBytesMax = 64 << 10;  // A health port says a line or a page; more is something else.
constexpr double kSpread = 0.1;                    // Of the interval, to either side.

std::string server_of(const Target& target) {
  const std::string address = target.address.to_string();
  return "http://" + (target.address.is_v4() ? address : "[" + address + "]") + ":" + std::to_string(target.port);
}

Answer answer_of(const kube::Response& response) {
  if (response.status == 0 || !response.error.empty()) return Answer::kSilence;
  return response.status >= 200 && response.status < 300 ? Answer::kYes : Answer::kNo;
}

// What an operator wants to find in the log: who stopped answering, and who is back.
void tell(const Target& target, Standing before, Standing now, const kube::Response& response) {
  if (before == now) return;
  if (now == Standing::kFails) {
    const std::string why = response.error.empty() ? "HTTP status " + std::to_string(response.status) : response.error;
    spdlog::warn("health port {} fails: {}", server_of(target), why);
  } else if (before == Standing::kFails) {
    spdlog::info("health port {} passes again", server_of(target));
  }
}

}  // namespace

Prober::Prober(Reactor& reactor, Settings settings, std::function<void()> on_change)
    : reactor_{reactor}, settings_{settings}, on_change_{std::move(on_change)}, http_{reactor} {}

Prober::~Prober() { reactor_.cancel(timer_); }

void Prober::want(const std::vector<Wish>& wishes) {
  std::map<Target, Trust> wanted;
  for (const auto& wish : wishes) {
    Trust& trust = wanted[wish.target];
    if (wish.trust == Trust::kGranted) trust = wish.trust;
  }
  std::erase_if(probes_, [&](const auto& entry) {
    const auto& [target, probe] = entry;
    if (wanted.contains(target)) return false;
    if (probe.is_in_flight) --in_flight_;
    due_.erase({probe.due, target});
    view_.erase(target);
    return true;
  });
  const auto now = Reactor::Clock::now();
  for (const auto& [target, trust] : wanted) {
    const auto [found, is_new] =
        probes_.try_emplace(target, Probe{.record = Record{trust, now}, .due = now, .request = {}});
    if (!is_new) continue;
    view_[target] = found->second.record.seen();
    due_.emplace(now, target);
  }
  ask_due();
}

// Sends what is due as far as the bound allows, and comes back when the next one is.
void Prober::ask_due() {
  const auto now = Reactor::Clock::now();
  while (!due_.empty() && due_.begin()->first <= now && in_flight_ < kInFlightMax) {
    const Target target = due_.begin()->second;
    due_.erase(due_.begin());
    ask(target, probes_.at(target));
  }
  reactor_.cancel(timer_);
  timer_ = 0;
  if (due_.empty() || in_flight_ >= kInFlightMax) return;  // An answer makes room.
  timer_ = reactor_.after(due_.begin()->first - now, [this] { ask_due(); });
}

void Prober::ask(const Target& target, Probe& probe) {
  ++in_flight_;
  probe.is_in_flight = true;
  kube::HttpRequest request{.path = "/healthz"};
  request.body_max = kAnswerBytesMax;
  request.connect_timeout = request.timeout = settings_.timeout;
  request.on_done = [this, target](const kube::Response& response) { hear(target, response); };
  probe.request = http_.send(std::move(request), {.server = server_of(target)});
}

void Prober::hear(const Target& target, const kube::Response& response) {
  const auto now = Reactor::Clock::now();
  Probe& probe = probes_.at(target);
  --in_flight_;
  probe.is_in_flight = false;
  probe.record.note(answer_of(response), settings_.rules, now);
  probe.due = next_due(probe.record, now);
  due_.emplace(probe.due, target);
  const Seen before = std::exchange(view_[target], probe.record.seen());
  const bool has_changed = before != probe.record.seen();
  tell(target, before.standing, probe.record.seen().standing, response);
  ask_due();
  if (has_changed) on_change_();
}

Prober::TimePoint Prober::next_due(const Record& record, TimePoint now) {
  if (record.is_urgent(now)) return now + std::min(kUrgentInterval, settings_.interval);
  const double factor = std::uniform_real_distribution{1 - kSpread, 1 + kSpread}(random_);
  return now + std::chrono::duration_cast<Reactor::Clock::duration>(settings_.interval * factor);
}

}  // namespace sluice::control::health
