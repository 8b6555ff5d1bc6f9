#pragma once
// Who looks over the pipeline's shoulder: told of every packet that arrives and of what each step says of it. The
// pipeline is compiled twice, with and without: without one it has not an instruction more.

#include <cstddef>
#include <cstdint>

#include "dataplane/packet.h"

namespace sluice::dataplane {

enum class Step : std::uint8_t { kParse, kAnswer, kOwner, kClassify, kSteer, kRewrite };
inline constexpr std::size_t kStepCount = 6;
constexpr std::size_t index(Step step) { return static_cast<std::size_t>(step); }

// On the worker's thread, so without locks and allocation.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void arrived(Burst& burst) = 0;  // Before the first step.
  // The step has looked at the packet and says `verdict`, which is not in the packet yet.
  virtual void after(Step step, const Packet& packet, Verdict verdict) = 0;
};

// Nobody looks: a step is only itself.
struct Unobserved {
  template <typename Function>
  const Function& operator()(Step, const Function& function) const {
    return function;
  }
};

// Tells the observer what a step said.
struct Observed {
  Observer& observer;

  template <typename Function>
  auto operator()(Step step, const Function& function) const {
    return [this, step, &function](Packet& packet) {
      const Verdict verdict = function(packet);
      observer.after(step, packet, verdict);
      return verdict;
    };
  }
};

}  // namespace sluice::dataplane
