#pragma once
// Hands the workers an armed capture each, fetches what they see, and takes it away when none of them can look at it
// any more. Control's thread.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dataplane/capture.h"
#include "dataplane/dpdk/worker.h"
#include "dataplane/forwarder.h"

namespace sluice::dataplane::dpdk {

class Captures {
 public:
  // Both outlive it.
  Captures(Shared& shared, const std::vector<std::unique_ptr<Worker>>& workers) : shared_{shared}, workers_{workers} {}

  // As Forwarder has them.
  void start(const CaptureOptions& options);
  std::size_t drain(std::size_t packets_max, const Forwarder::OnCaptured& on_captured);
  std::uint64_t lost() const;
  bool end();

 private:
  Capture* with_oldest() const;
  std::uint64_t wall_clock_ns(std::uint64_t cycles) const;

  Shared& shared_;
  const std::vector<std::unique_ptr<Worker>>& workers_;
  std::vector<std::unique_ptr<Capture>> captures_;  // By worker; empty: there is none.
  std::optional<std::uint64_t> quiescent_token_;    // It is being ended, and free when workers have passed this.
  std::uint64_t start_cycles_ = 0;
  std::chrono::system_clock::time_point start_time_;  // At the same moment.
};

}  // namespace sluice::dataplane::dpdk
