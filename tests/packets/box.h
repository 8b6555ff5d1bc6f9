#pragma once
// The pipelines of one box, one a worker, in the small network of the packet cases, with a judge beside them: whatever
// bytes arrive, some things must hold. For property tests and fuzzers.
//
// What must hold: every packet ends with a verdict, handed over once at most; nothing beside the frame is read or
// written; what is not sent is not changed; a sent frame has right checksums if and only if it came with right ones;
// each flow whose client is translated holds one SNAT port; every packet is counted once.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

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

  // What did not hold since the last call, a sentence each; empty: all is well.
  std::vector<std::string> complaints();
  const dataplane::Pipeline& pipeline(unsigned worker) const { return *pipelines_[worker]; }

 private:
  void process(unsigned worker, const std::vector<std::size_t>& numbers);
  void judge(const Arrival& arrival, const dataplane::Packet& packet, const GuardedMemory& memory);
  void judge_books();

  std::vector<std::unique_ptr<dataplane::Pipeline>> pipelines_;
  std::unique_ptr<dataplane::Snapshot> snapshot_;
  std::vector<std::unique_ptr<GuardedMemory>> memory_;  // By place in the burst, made when first needed.
  std::vector<dataplane::Packet> packets_;              // As the last worker left them.
  std::vector<Departure> departures_;
  std::vector<std::string> complaints_;
  std::uint64_t processed_ = 0;  // Packets, once for each worker that saw them.
  std::uint32_t epoch_ = 0;
  nat::Tick now_ = 1000;
};

}  // namespace sluice::packets
