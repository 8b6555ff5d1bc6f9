#pragma once
// The CPU's cycle counter and its speed, for benchmarks. x86: the invariant TSC; elsewhere nanoseconds.

#include <chrono>
#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace sluice::bench {

inline std::uint64_t cycles() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

// Measured against the steady clock for 50 ms.
inline double cycles_per_second() {
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t first = cycles();
  while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds{50}) {
  }
  const std::uint64_t last = cycles();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return static_cast<double>(last - first) / seconds.count();
}

}  // namespace sluice::bench
