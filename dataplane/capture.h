#pragma once
// An armed capture, as one worker has it: it looks over the pipeline's shoulder and puts the packets that match into a
// ring, as they came and as they go, with what each step said of them.
//
// Control makes one for each worker and takes it away again when no worker can see it any more (like a snapshot). All
// memory is taken when it is made.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/capture_filter.h"
#include "dataplane/capture_ring.h"
#include "dataplane/observer.h"
#include "dataplane/snapshot.h"

namespace sluice::dataplane {

struct CaptureOptions {
  CaptureFilter filter;
  std::size_t snaplen = 0;                        // Bytes of each frame that are kept.
  std::size_t ring_bytes = std::size_t{8} << 20;  // About; for each worker.
};

// How a worker came by a burst.
enum class Origin : std::uint8_t { kPort, kOtherWorker };

class Capture final : public Observer {
 public:
  static constexpr std::size_t kSlotsMin = 64;

  Capture(const CaptureOptions& options, unsigned worker);

  // Worker, around Pipeline::process() with this as observer: what is common to the burst, and its end. Times are of
  // any clock.
  void begin(std::uint64_t now, const Snapshot& snapshot, Origin origin);
  void finish(Burst& burst, std::uint64_t now);

  void arrived(Burst& burst) override;
  void after(Step step, const Packet& packet, Verdict verdict) override;

  CaptureRing& ring() { return ring_; }
  std::uint64_t lost() const { return lost_.get(); }  // Any thread.

 private:
  std::span<std::uint8_t> scratch(std::size_t place) { return {scratch_.get() + place * ring_.snaplen(), kept(place)}; }
  std::size_t kept(std::size_t place) const;

  const CaptureFilter filter_;
  CaptureRing ring_;
  Counter lost_;
  const Snapshot* snapshot_ = nullptr;             // That the burst is served from.
  const Packet* first_ = nullptr;                  // Of the burst.
  CapturedPacket common_;                          // What is the same for all of it.
  std::array<CapturedPacket, kBurstMax> packets_;  // By place in the burst.
  std::unique_ptr<std::uint8_t[]> scratch_;        // Their bytes as they came.
};

}  // namespace sluice::dataplane
