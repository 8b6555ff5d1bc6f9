#pragma once
// What a worker counts. One writer each (the worker); control reads them while they change: every field is a relaxed
// atomic, which costs a plain store, since no two threads write the same one.

#include <array>
#include <atomic>
#include <cstdint>

#include "dataplane/verdict.h"
#include "net/address.h"

namespace sluice::dataplane {

inline constexpr std::size_t kCacheLine = 64;

// A counter with one writer. `add` is a load, an add and a store; no bus lock.
class Counter {
 public:
  void add(std::uint64_t n) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  void set(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct SnatUsage {
  net::IpAddress address;
  std::uint64_t in_use = 0;
  std::uint64_t capacity = 0;
  std::uint64_t fullest = 0;      // In use towards one node, the busiest one, on the worker that has most,
  std::uint64_t fullest_max = 0;  // of so many there.
};

struct alignas(kCacheLine) WorkerCounters {  // Written by its worker, read by control.
  std::array<Counter, kVerdictCount> packets;
  std::array<Counter, kVerdictCount> bytes;
  Counter flows;          // Live now.
  Counter flows_fuller;   // Live now, of the family that has more: each has a table of its own.
  Counter flows_opened;   // Since start.
  Counter flows_expired;  // Since start, by idle timeout.
  Counter flows_evicted;  // Since start: embryonic ones, for new ones.
  Counter turns;          // Of the worker's loop: it lives while this grows.
  Counter busy_turns;     // Turns that had at least one packet.
};

}  // namespace sluice::dataplane
