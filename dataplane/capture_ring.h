#pragma once
// What one worker has captured and control has not fetched yet: a ring of slots of one size, all memory taken at the
// beginning. One thread puts, one takes, neither waits; what finds it full is lost, and counted by who puts.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/captured_packet.h"
#include "dataplane/counters.h"

namespace sluice::dataplane {

class CaptureRing {
 public:
  CaptureRing(std::size_t slots, std::size_t snaplen)
      : snaplen_{snaplen}, slots_(slots), bytes_{std::make_unique<std::uint8_t[]>(slots * 2 * snaplen)} {}

  std::size_t slots() const { return slots_.size(); }
  std::size_t snaplen() const { return snaplen_; }

  // Worker: false if there is no room. Of the bytes no more than `snaplen` of each are kept.
  bool put(const CapturedPacket& packet, const CapturedBytes& bytes) {
    const std::uint64_t end = end_.load(std::memory_order_relaxed);
    if (end - begin_.load(std::memory_order_acquire) == slots_.size()) return false;
    const std::size_t slot = end % slots_.size();
    slots_[slot] = {.packet = packet, .came = keep(bytes.came, 2 * slot), .sent = keep(bytes.sent, 2 * slot + 1)};
    end_.store(end + 1, std::memory_order_release);
    return true;
  }

  // Control: the oldest, null if there is none; valid until pop().
  const CapturedPacket* front() const { return is_empty() ? nullptr : &slots_[oldest()].packet; }
  CapturedBytes front_bytes() const {
    const Slot& slot = slots_[oldest()];
    return {.came = {place(2 * oldest()), slot.came}, .sent = {place(2 * oldest() + 1), slot.sent}};
  }
  void pop() { begin_.store(begin_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

 private:
  struct Slot {
    CapturedPacket packet;
    std::size_t came = 0, sent = 0;  // Bytes that are kept.
  };

  bool is_empty() const { return begin_.load(std::memory_order_relaxed) == end_.load(std::memory_order_acquire); }
  std::size_t oldest() const { return begin_.load(std::memory_order_relaxed) % slots_.size(); }
  std::uint8_t* place(std::size_t number) const { return bytes_.get() + number * snaplen_; }
  std::size_t keep(std::span<const std::uint8_t> bytes, std::size_t number) {
    const std::size_t kept = std::min(bytes.size(), snaplen_);
    std::copy_n(bytes.begin(), kept, place(number));
    return kept;
  }

  const std::size_t snaplen_;
  std::vector<Slot> slots_;
  std::unique_ptr<std::uint8_t[]> bytes_;
  alignas(kCacheLine) std::atomic<std::uint64_t> begin_{0};  // Control's. Both only grow.
  alignas(kCacheLine) std::atomic<std::uint64_t> end_{0};    // The worker's.
};

}  // namespace sluice::dataplane
