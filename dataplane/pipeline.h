#pragma once
// The pipeline of one worker: the steps in their order, and the state they work on. Pure: no EAL, no clock, no system
// call.

#include <cstdint>
#include <vector>

#include "dataplane/counters.h"
#include "dataplane/packet.h"
#include "dataplane/snapshot.h"
#include "nat/flow_table.h"
#include "nat/port_pool.h"

namespace sluice::dataplane {

struct PipelineOptions {
  unsigned worker = 0;   // This one's number, from 0.
  unsigned workers = 1;  // How many there are.
  std::size_t flows_max = 65'536;
  std::uint64_t seed = 0;  // Secret: makes hash collisions unpredictable to clients.
  nat::ExplicitPages explicit_pages = nat::ExplicitPages::kUse;
  std::vector<net::Ipv4Address> snat_addresses;
  nat::PortRange snat_ports{32'768, 65'535};
};

class Pipeline {
 public:
  explicit Pipeline(const PipelineOptions& options);

  // Gives every packet of the burst its verdict. Those with kToWorker belong to worker `owner(packet)`.
  void process(const Snapshot& snapshot, nat::Tick now, Burst& burst);

  // Lets flows go that were idle too long, looking at no more than `entries_max` of the table. For idle turns, and a
  // few entries on busy ones.
  void expire(const Snapshot& snapshot, nat::Tick now, std::size_t entries_max);

  unsigned owner(const Snapshot& snapshot, const Packet& packet) const;
  const nat::FlowTable& flows() const { return flows_; }
  const nat::PortPool& ports() const { return ports_; }
  WorkerCounters& counters() { return counters_; }
  // SNAT ports in use of the address of this index (as PortPool orders them). May be read by control; a little behind.
  std::uint64_t snat_in_use(std::size_t address) const { return snat_in_use_[address].get(); }

 private:
  void count(Burst& burst);
  void report();

  const unsigned worker_;
  const unsigned workers_;
  nat::FlowTable flows_;
  nat::PortPool ports_;
  WorkerCounters counters_;
  std::vector<Counter> snat_in_use_;  // By address of the pool.
  unsigned calls_to_report_ = 0;
};

}  // namespace sluice::dataplane
