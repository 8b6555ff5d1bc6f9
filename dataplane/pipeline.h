#pragma once
// The pipeline of one worker: the steps in their order, and the state they work on. Pure: no EAL, no clock, no system
// call.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/affinity_table.h"
#include "dataplane/connection_limits.h"
#include "dataplane/counters.h"
#include "dataplane/fragments.h"
#include "dataplane/observer.h"
#include "dataplane/packet.h"
#include "dataplane/recent_drops.h"
#include "dataplane/refuse.h"
#include "dataplane/snapshot.h"
#include "nat/flow_table.h"
#include "nat/port_pool.h"
#include "nat/rss.h"

namespace sluice::dataplane {

struct PipelineOptions {
  unsigned worker = 0;             // This one's number, from 0.
  unsigned workers = 1;            // How many there are.
  std::size_t flows_max = 65'536;  // Of each family that has SNAT addresses.
  std::uint64_t seed = 0;          // Secret, common: makes hash collisions unpredictable to clients.
  nat::ExplicitPages explicit_pages = nat::ExplicitPages::kUse;
  std::vector<net::Ipv4Address> snat_addresses;
  std::vector<net::Ipv6Address> snat6_addresses;  // None: no IPv6 flows, and no memory for any.
  nat::PortRange snat_ports{32'768, 65'535};
  std::shared_ptr<AffinityTable> affinities;  // Common to all workers. Null: clients go by their hash alone.
  std::shared_ptr<ConnectionLimits> limits;   // Common to all workers. Null: those of services are not kept.
  unsigned refusals_a_second = kRefusalsASecond;
  std::size_t fragmented_max = Fragments::kPacketsMax;  // Packets of which fragments are on their way.
};

// Flows and SNAT ports of one family, and the steps that need them. Without SNAT addresses it holds no flow.
template <typename Family>
class FamilyPipeline {
 public:
  FamilyPipeline(const PipelineOptions& options, std::span<const typename Family::Address> snat_addresses,
                 std::shared_ptr<const nat::Rss> rss);

  // Answers whether `refuse` has something to look at. `watch` is Observed or Unobserved; `Transport`: transport.h.
  template <typename Transport, typename Watch>
  bool process(const Snapshot& snapshot, nat::Tick now, Group& packets, const Watch& watch);
  std::size_t expire(const Snapshot& snapshot, nat::Tick now, std::size_t entries_max);  // Answers how many.

  const nat::FlowTable<Family>& flows() const { return flows_; }
  const nat::PortPool<Family>& ports() const { return ports_; }
  // By address of the pool. The only member that control may call while the worker runs; a little behind.
  std::vector<SnatUsage> snat_usage() const;
  void report();  // Makes it true again.

 private:
  nat::FlowTable<Family> flows_;
  nat::PortPool<Family> ports_;
  std::shared_ptr<AffinityTable> affinities_;
  std::shared_ptr<ConnectionLimits> limits_;
  struct SnatGauge {
    Counter in_use;
    Counter fullest;
  };
  std::vector<SnatGauge> snat_gauges_;  // By address of the pool.
};

class Pipeline {
 public:
  explicit Pipeline(const PipelineOptions& options);

  // Gives every packet of the burst its verdict. Those with kToWorker belong to worker `owner(packet)`, which must be
  // told the ports of those that are no longer kFragment (Packet::join). The buffers of those with kHeld are kept.
  void process(const Snapshot& snapshot, nat::Tick now, Burst& burst);
  // The same, before eyes. It does not tell of `refuse`: a packet's verdict changes there from a drop to a refusal.
  void process(const Snapshot& snapshot, nat::Tick now, Burst& burst, Observer& observer);

  // Fills the burst with kept ones that need not wait any more, for process(). To be asked after each process() and
  // expire(), until there are none.
  bool resume(Burst& burst) {
    burst.clear();
    fragments_.give_back(burst);
    return burst.size() > 0;
  }

  // Lets flows go that were idle too long, looking at no more than `entries_max` of each family's table. For idle
  // turns, and a few entries on busy ones.
  void expire(const Snapshot& snapshot, nat::Tick now, std::size_t entries_max);

  unsigned owner(const Snapshot& snapshot, const Packet& packet) const;
  const FamilyPipeline<net::Ipv4>& v4() const { return v4_; }
  const FamilyPipeline<net::Ipv6>& v6() const { return v6_; }
  const Fragments& fragments() const { return fragments_; }
  const nat::Rss& rss() const { return *rss_; }  // The same in all workers.
  WorkerCounters& counters() { return counters_; }
  const RecentDrops& recent_drops() const { return recent_drops_; }

 private:
  struct Processed {
    std::size_t packets;
    bool may_refuse;  // `refuse` has something to look at.
  };

  template <typename Watch>
  void run(const Snapshot& snapshot, nat::Tick now, Burst& burst, const Watch& watch);
  template <typename Watch>
  bool process_held(const Snapshot& snapshot, nat::Tick now, Burst& burst, const Watch& watch);
  template <typename Watch>
  bool process_sctp(const Snapshot& snapshot, nat::Tick now, Burst& burst, const Watch& watch);
  template <typename Watch>
  Processed process_families(const Snapshot& snapshot, nat::Tick now, Burst& burst, const Watch& watch);
  Verdict meet(const Snapshot& snapshot, nat::Tick now, Packet& packet);
  void refuse_drops(nat::Tick now, Burst& burst);
  bool count(Burst& burst);  // Answers whether all of them passed.

  const unsigned worker_;
  const std::shared_ptr<const nat::Rss> rss_;
  FamilyPipeline<net::Ipv4> v4_;
  FamilyPipeline<net::Ipv6> v6_;
  Fragments fragments_;
  RefusalLimit refusals_;
  WorkerCounters counters_;
  RecentDrops recent_drops_;
  std::uint64_t passed_ = 0;  // Packets so far that were neither dropped nor refused.
  unsigned calls_to_report_ = 0;
};

}  // namespace sluice::dataplane
