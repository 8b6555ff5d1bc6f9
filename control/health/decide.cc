#include "control/health/decide.h"

#include <algorithm>

namespace sluice::control::health {
namespace {

bool stands(const Candidate& candidate, Standing standing) {
  return candidate.slices == Word::kIn && candidate.seen && candidate.seen->standing == standing;
}

bool is_awaited(const Candidate& candidate) {
  return candidate.slices == Word::kIn && (!candidate.seen || candidate.seen->standing == Standing::kAwaited);
}

// Its proxy says no when its last ready endpoint goes, but may well forward to those that still serve. One that was
// never heard of, or is not any more, is no help.
bool can_go_on(const Candidate& candidate) {
  if (candidate.slices != Word::kDraining || !candidate.seen) return false;
  return candidate.seen->standing == Standing::kPasses ||
         (candidate.seen->standing == Standing::kFails && candidate.seen->last == Answer::kNo);
}

// Of a node that gets no new flows although the slices would have it.
Decision hold_back(const Candidate& candidate) {
  if (!candidate.seen) return {Word::kOut, "waits for the first answer of its health port"};
  const bool says_no = candidate.seen->last == Answer::kNo;
  if (candidate.seen->standing == Standing::kAwaited) {
    return {Word::kOut, says_no ? "waits: its health port says no so far" : "waits: its health port is silent so far"};
  }
  return {Word::kDraining, says_no ? "its health port says no" : "its health port is silent"};
}

enum class Mode : std::uint8_t { kPassing, kOldOnes, kSlicesAlone };

Mode mode_of(std::span<const Candidate> candidates) {
  if (std::ranges::any_of(candidates, [](const auto& one) { return stands(one, Standing::kPasses); }))
    return Mode::kPassing;
  if (std::ranges::any_of(candidates, [](const auto& one) { return stands(one, Standing::kTrusted); }))
    return Mode::kSlicesAlone;
  const bool old_ones = std::ranges::any_of(candidates, can_go_on) && std::ranges::any_of(candidates, is_awaited);
  return old_ones ? Mode::kOldOnes : Mode::kSlicesAlone;
}

Decision decide_one(const Candidate& candidate, Mode mode) {
  switch (mode) {
    case Mode::kPassing:
      if (candidate.slices != Word::kIn || stands(candidate, Standing::kPasses) ||
          stands(candidate, Standing::kTrusted))
        return {candidate.slices, {}};
      return hold_back(candidate);
    case Mode::kOldOnes:
      if (can_go_on(candidate)) return {Word::kIn, "goes on until a successor's health port says yes"};
      return candidate.slices == Word::kIn ? hold_back(candidate) : Decision{candidate.slices, {}};
    case Mode::kSlicesAlone:
      if (candidate.slices != Word::kIn || !candidate.seen || stands(candidate, Standing::kTrusted))
        return {candidate.slices, {}};
      return {Word::kIn, "no health port of the Service says yes, so the slices alone count"};
  }
  return {candidate.slices, {}};
}

}  // namespace

std::vector<Decision> decide(std::span<const Candidate> candidates) {
  const Mode mode = mode_of(candidates);
  std::vector<Decision> decisions;
  decisions.reserve(candidates.size());
  for (const auto& candidate : candidates) decisions.push_back(decide_one(candidate, mode));
  return decisions;
}

}  // namespace sluice::control::health
