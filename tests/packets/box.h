#pragma once
// The pipelines of one box, one a worker, in the small network of the packet cases, with a judge beside them: whatever
// bytes arrive, some things must hold. For property tests and fuzzers.
//
// What must hold: every packet ends with a verdict, handed over once at most (a fragment twice); nothing beside the
// frame is read or written; what is not sent is not changed; a sent frame has right checksums if and only if it came
// with right ones; each flow whose client is translated holds one SNAT port; every packet is counted once; a buffer
// that is held waits somewhere.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/capture.h"
#include "dataplane/pipeline.h"
#include "tests/cases/world.h"
#include "tests/packets/guarded_memory.h"
#include "tests/packets/receiver.h"

namespace sluice::packets {

struct Arrival {
  Bytes frame;
  std::uint16_t port = 0;
  unsigned worker = 0;  // Whose queue the NIC puts it into.
  Side side = Side::kEnd;
};

struct Departure {
  dataplane::Verdict verdict{};
  std::uint16_t port = 0;
  Bytes frame;
};

struct BoxOptions {
  unsigned workers = 1;
  std::size_t flows_max = 64;                 // Of each worker.
  nat::PortRange snat_ports{32'768, 34'815};  // Few of them, as the pool takes memory for each.
};

class Box {
 public:
  explicit Box(const BoxOptions& options);

  void publish(const cases::Change& change);
  void wait(nat::Tick ticks);  // Idle flows expire.

  // One burst, at most dataplane::kBurstMax packets. What became of them is valid until the next one.
  const std::vector<Departure>& send(const std::vector<Arrival>& arrivals);
  const Departure& send(const Arrival& arrival) { return send(std::vector{arrival}).front(); }
  // What was held by earlier bursts and left with the last send() or wait(), in that order.
  const std::vector<Departure>& resumed() const { return resumed_; }

  // What did not hold since the last call, a sentence each; empty: all is well.
  std::vector<std::string> complaints();
  const dataplane::Pipeline& pipeline(unsigned worker) const { return *pipelines_[worker]; }

 private:
  // A frame from its arrival to its departure, with what workers tell each other of it.
  struct Traveller {
    Arrival arrival;
    GuardedMemory memory;
    dataplane::Packet packet;  // As the last worker left it.
    net::Ports ports;
    bool is_joined = false;
    bool is_held = false;
    bool is_new = true;  // Came with the burst that is on its way.
    unsigned handed_over = 0;
  };

  void run(unsigned worker, dataplane::Burst& burst);
  void work();  // Until nothing is handed over any more.
  void settle(unsigned worker, const dataplane::Packet& packet);
  void clear_away();  // Those that have departed.
  void judge(const Traveller& traveller);
  void judge_books();

  std::vector<std::unique_ptr<dataplane::Pipeline>> pipelines_;
  dataplane::Capture capture_{{.snaplen = 256, .ring_bytes = 1}, 0};  // Looks on every now and then.
  std::unique_ptr<dataplane::Snapshot> snapshot_;
  std::vector<std::unique_ptr<Traveller>> idle_;     // Memory takes time to make.
  std::vector<std::unique_ptr<Traveller>> present_;  // In the burst, or held.
  std::vector<std::deque<Traveller*>> inboxes_;      // By worker.
  std::vector<Departure> resumed_;
  std::vector<Departure> departures_;
  std::vector<std::string> complaints_;
  std::uint64_t processed_ = 0;  // Packets, once for each worker that saw them.
  std::uint32_t epoch_ = 0;
  nat::Tick now_ = 1000;
};

}  // namespace sluice::packets
