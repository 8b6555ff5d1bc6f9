#pragma once
// How long to wait before trying again, with jitter; and every other delay of this room, so that tests have none.

#include <chrono>
#include <functional>
#include <string>

namespace sluice::control::kube {

using Milliseconds = std::chrono::milliseconds;

struct Pace {
  Milliseconds connect_timeout{5'000};
  Milliseconds request_timeout{60'000};  // For everything but watches.
  Milliseconds watch_min{300'000};       // A watch asks for a random time between these two…
  Milliseconds watch_max{600'000};
  Milliseconds watch_grace{30'000};  // … and is given up when no byte came for that time and this.
  Milliseconds list_retry_min{800};  // As client-go: 0.8 s doubling to 30 s.
  Milliseconds list_retry_max{30'000};
  Milliseconds reconnect_jitter{100};  // At most this long after a watch that ended, and after the first failure.
  Milliseconds stable_after{5'000};    // A watch that lasted this long was good: delays begin anew.
  Milliseconds write_retry_min{500};   // The cloud controller begins with 5 s: nobody likes to wait for an address.
  Milliseconds write_retry_max{300'000};
  Milliseconds event_window{600'000};  // Repeats of an event in this time are counted in one object.
  Milliseconds event_spacing{10'000};  // And its count is written no more often than this.
  std::function<double()> random;      // Uniform in [0, 1). Empty: a generator seeded from the system.
  std::function<std::chrono::system_clock::time_point()> wall_clock;  // Empty: the system's.

  double draw() const;
  Milliseconds between(Milliseconds low, Milliseconds high) const;
  std::string timestamp() const;  // Now, as the API writes times: "2024-05-01T12:00:00Z".
};

// Doubles from `first` to `last`, each delay stretched by a random factor in [1, 2), never past `last`.
class Backoff {
 public:
  Backoff(Milliseconds first, Milliseconds last) : first_{first}, last_{last}, next_{first} {}

  Milliseconds next(const Pace& pace);
  void reset() { next_ = first_; }

 private:
  Milliseconds first_;
  Milliseconds last_;
  Milliseconds next_;
};

}  // namespace sluice::control::kube
