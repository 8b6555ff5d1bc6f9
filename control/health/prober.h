#pragma once
// Asks the health ports that the plan names: plain HTTP, on the control thread.
//
// A new target is asked at once and then often, until its first success or the end of the grace; after that once each
// interval, a little sooner or later at random, so that they do not all come at the same moment. Requests in flight are
// bounded; what is due waits for its turn.

#include <functional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "control/health/record.h"
#include "control/kube/http.h"
#include "control/reactor.h"

namespace sluice::control::health {

struct Wish {
  Target target;
  Trust trust = Trust::kNone;  // Counts when the target is new.
};

struct Settings {
  bool enabled = true;
  std::chrono::milliseconds interval{1'000};
  std::chrono::milliseconds timeout{1'000};
  Rules rules;
};

class Prober {
 public:
  // `on_change` is called when what view() shows of a target has changed.
  Prober(Reactor& reactor, Settings settings, std::function<void()> on_change);
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  // Replaces all targets. Those that stay keep their record; what is known of the others is forgotten.
  void want(const std::vector<Wish>& wishes);

  const View& view() const { return view_; }

 private:
  using TimePoint = Reactor::Clock::time_point;
  struct Probe {
    Record record;
    TimePoint due;
    kube::HttpClient::Handle request;
    bool is_in_flight = false;
  };

  void ask_due();
  void ask(const Target& target, Probe& probe);
  void hear(const Target& target, const kube::Response& response);
  TimePoint next_due(const Record& record, TimePoint now);

  Reactor& reactor_;
  Settings settings_;
  std::function<void()> on_change_;
  kube::HttpClient http_;
  std::map<Target, Probe> probes_;
  std::set<std::pair<TimePoint, Target>> due_;  // Those that are not in flight.
  View view_;
  std::size_t in_flight_ = 0;
  Reactor::TimerId timer_ = 0;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace sluice::control::health
