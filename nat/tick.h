#pragma once
// Coarse time for flow entries: 32 bits that count 2^24 ns (16.8 ms) and wrap after 2.3 years.
//
// The worker turns its clock into ticks once a burst. Differences are safe across the wrap as long as they are below
// 1.1 years; a `then` that lies ahead of `now` counts as no time at all.

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace sluice::nat {

using Tick = std::uint32_t;

inline constexpr unsigned kTickShift = 24;
inline constexpr std::chrono::nanoseconds kTickLength{std::int64_t{1} << kTickShift};

// A reading of a monotonic clock, rounded down.
constexpr Tick to_ticks(std::chrono::nanoseconds clock) {
  return static_cast<Tick>(static_cast<std::uint64_t>(clock.count()) >> kTickShift);
}

// A timeout, rounded up: what has `elapsed() > timeout_ticks(t)` was idle for at least t, never less.
constexpr Tick timeout_ticks(std::chrono::nanoseconds timeout) {
  return to_ticks(timeout + kTickLength - std::chrono::nanoseconds{1});
}

constexpr std::chrono::nanoseconds to_duration(Tick ticks) { return std::int64_t{ticks} * kTickLength; }

constexpr Tick elapsed(Tick now, Tick then) {
  return static_cast<Tick>(std::max<std::int32_t>(0, static_cast<std::int32_t>(now - then)));
}

}  // namespace sluice::nat
