#pragma once
// A worker: one polling thread with its own pipeline. It shares nothing with other workers but the rings by which they
// hand each other packets, and nothing with control but the snapshot slot, counters, a mailbox and, while somebody
// looks, a capture.

#include <rte_rcu_qsbr.h>
#include <rte_ring.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/capture.h"
#include "dataplane/dpdk/flow_query.h"
#include "dataplane/dpdk/port.h"
#include "dataplane/dpdk/transmit.h"
#include "dataplane/pipeline.h"

namespace sluice::dataplane::dpdk {

// What all workers of a forwarder look at. Owned by the forwarder.
struct Shared {
  std::atomic<const Snapshot*> snapshot{nullptr};
  std::atomic<bool> stop{false};
  rte_rcu_qsbr* quiescent = nullptr;
  std::vector<std::unique_ptr<WirePort>> ports;
  std::vector<rte_ring*> inbox;  // By worker: packets that others received and this one owns.
  std::chrono::nanoseconds idle_sleep_max{0};
};

class Worker {
 public:
  Worker(Shared& shared, const PipelineOptions& options);

  void run();  // Until Shared::stop. On the worker's own thread.

  const WorkerCounters& counters() { return pipeline_.counters(); }
  std::uint64_t handed_over(std::uint16_t port) const {
    return handed_over_[port].get();
  }  // Of what it received there.
  FlowQueryBox& queries() { return queries_; }
  // Control: from its next burst on the worker shows this one what it does; null: nobody. The one before is free when
  // the worker has reported a quiescent state.
  void show_to(Capture* capture) { capture_.store(capture, std::memory_order_release); }
  const Pipeline& pipeline() const { return pipeline_; }
  const VlanTraffic& vlan_traffic(std::size_t port) const { return vlan_traffic_[port]; }
  nat::Tick now() const;  // The clock that all workers go by. On any thread.

 private:
  std::size_t turn(const Snapshot& snapshot);  // Answers how many packets there were.
  std::size_t receive(const Snapshot& snapshot, std::uint16_t port);
  std::size_t receive_from_kernel(std::uint16_t port);
  std::size_t receive_from_workers(const Snapshot& snapshot);
  Packet& add(rte_mbuf* buffer, std::uint16_t port);  // To the burst.
  void add_looked_at(rte_mbuf* buffer, std::uint16_t wire);
  void give_to_kernel(Packet& packet);
  void count_drop(Verdict verdict, const Packet& packet);  // Behind the pipeline.
  void process(const Snapshot& snapshot, Origin origin);   // The burst.
  void process_shown(const Snapshot& snapshot, Capture& capture, Origin origin);
  void dispatch(const Snapshot& snapshot, Burst& burst);
  void hand_over(const Snapshot& snapshot, Packet& packet);
  void rest(unsigned idle_turns) const;

  Shared& shared_;
  const unsigned number_;
  Pipeline pipeline_;
  FlowQueryBox queries_;
  std::atomic<Capture*> capture_{nullptr};
  std::vector<Transmit> wire_;             // By port.
  std::vector<Transmit> kernel_;           // By port.
  std::vector<Counter> handed_over_;       // By port.
  std::vector<VlanTraffic> vlan_traffic_;  // By port.
  Burst burst_;
  const std::uint64_t cycles_per_tick_;
};

}  // namespace sluice::dataplane::dpdk
