#include "dataplane/dpdk/captures.h"

#include <rte_cycles.h>

#include <cassert>

namespace sluice::dataplane::dpdk {

void Captures::start(const CaptureOptions& options) {
  assert(captures_.empty());
  for (unsigned number = 0; number < workers_.size(); ++number) {
    captures_.push_back(std::make_unique<Capture>(options, number));
  }
  start_time_ = std::chrono::system_clock::now();
  start_cycles_ = ::rte_rdtsc();
  for (unsigned number = 0; number < workers_.size(); ++number) workers_[number]->show_to(captures_[number].get());
}

std::size_t Captures::drain(std::size_t packets_max, const Forwarder::OnCaptured& on_captured) {
  std::size_t drained = 0;
  for (; drained < packets_max; ++drained) {
    Capture* const capture = with_oldest();
    if (capture == nullptr) break;
    CapturedPacket packet = *capture->ring().front();
    packet.arrived = wall_clock_ns(packet.arrived);
    packet.left = wall_clock_ns(packet.left);
    on_captured(packet, capture->ring().front_bytes());
    capture->ring().pop();
  }
  return drained;
}

Capture* Captures::with_oldest() const {
  Capture* oldest = nullptr;
  for (const auto& capture : captures_) {
    const CapturedPacket* front = capture->ring().front();
    if (front == nullptr) continue;
    if (oldest == nullptr || front->arrived < oldest->ring().front()->arrived) oldest = capture.get();
  }
  return oldest;
}

// A capture is short: what the two clocks drift apart meanwhile is less than anyone sees.
std::uint64_t Captures::wall_clock_ns(std::uint64_t cycles) const {
  const auto passed = static_cast<std::int64_t>(cycles - start_cycles_);
  const double seconds = static_cast<double>(passed) / static_cast<double>(::rte_get_tsc_hz());
  const auto start = std::chrono::duration_cast<std::chrono::nanoseconds>(start_time_.time_since_epoch());
  return static_cast<std::uint64_t>(start.count() + static_cast<std::int64_t>(seconds * 1e9));
}

std::uint64_t Captures::lost() const {
  std::uint64_t total = 0;
  for (const auto& capture : captures_) total += capture->lost();
  return total;
}

bool Captures::end() {
  if (captures_.empty()) return true;
  if (!quiescent_token_) {
    for (const auto& worker : workers_) worker->show_to(nullptr);
    quiescent_token_ = ::rte_rcu_qsbr_start(shared_.quiescent);
  }
  if (::rte_rcu_qsbr_check(shared_.quiescent, *quiescent_token_, false) != 1) return false;
  captures_.clear();
  quiescent_token_.reset();
  return true;
}

}  // namespace sluice::dataplane::dpdk
