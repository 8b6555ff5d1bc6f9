#pragma once
// Which nodes get new flows of a service port: what the EndpointSlices say, and what the probes have shown. Pure.
//
// 1. A node that the slices rule out gets none, whatever its health port says.
// 2. As long as any node passes, one that fails gets none, and one that came lately waits for its first success: its
//    proxy may not have written its rules yet.
// 3. When none passes, a draining node that still serves goes on, as long as a successor is awaited.
// 4. Else the slices' word alone counts. So it is before the first answer, with node proxies that answer no probes, and
//    when whatever lies between us and the health ports is broken. A node that gets in so is trusted from then on.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/health/record.h"

namespace sluice::control::health {

enum class Word : std::uint8_t { kIn, kDraining, kOut };  // As PlannedNode::State.

struct Candidate {
  Word slices = Word::kOut;
  std::optional<Seen> seen;  // Nothing: not asked yet.
};

struct Decision {
  Word word = Word::kOut;
  std::string reason;  // What the probes add to the slices' reason: "its health port says no". Empty: nothing.

  bool operator==(const Decision&) const = default;
};

// One decision for each candidate.
std::vector<Decision> decide(std::span<const Candidate> candidates);

}  // namespace sluice::control::health
