#include "control/kube/pace.h"

#include <algorithm>
#include <ctime>
#include <random>

namespace sluice::control::kube {

double Pace::draw() const {
  if (random) return random();
  static std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>{0.0, 1.0}(generator);
}

Milliseconds Pace::between(Milliseconds low, Milliseconds high) const {
  const auto span = static_cast<double>((high - low).count());
  return low + Milliseconds{static_cast<Milliseconds::rep>(span * draw())};
}

std::string Pace::timestamp() const {
  const auto now = wall_clock ? wall_clock() : std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[32];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return {text, length};
}

Milliseconds Backoff::next(const Pace& pace) {
  const auto delay = std::min(pace.between(next_, next_ * 2), last_);
  next_ = std::min(next_ * 2, last_);
  return delay;
}

}  // namespace sluice::control::kube
