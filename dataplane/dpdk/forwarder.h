#pragma once
// The DPDK engine: opens the ports, runs the workers, publishes snapshots to them.

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "dataplane/dpdk/captures.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/port.h"
#include "dataplane/dpdk/start.h"
#include "dataplane/dpdk/worker.h"
#include "dataplane/forwarder.h"

namespace sluice::dataplane::dpdk {

class DpdkForwarder final : public Forwarder {
 public:
  // Starts everything, with a first snapshot that has no services. The calling thread must stay the control thread.
  static base::Result<std::unique_ptr<DpdkForwarder>> start(ForwarderOptions options);
  ~DpdkForwarder() override;

  void publish(std::unique_ptr<const Snapshot> snapshot) override;
  const Snapshot& snapshot() const override { return *current_; }
  void query_flows(FlowFilter filter, std::size_t limit, OnFlows on_flows) override;
  // Collects what workers have answered; call it every few milliseconds while `has_open_queries()`.
  void collect_answers() override;
  bool has_open_queries() const override { return !open_queries_.empty(); }

  void start_capture(const CaptureOptions& options) override { captures_.start(options); }
  std::size_t drain_capture(std::size_t packets_max, const OnCaptured& on_captured) override {
    return captures_.drain(packets_max, on_captured);
  }
  std::uint64_t capture_lost() const override { return captures_.lost(); }
  bool end_capture() override { return captures_.end(); }

  unsigned workers() const override { return static_cast<unsigned>(workers_.size()); }
  const nat::Rss& rss() const override { return *rss_; }
  const AffinityTable& affinities() const override { return *options_.pipeline.affinities; }
  nat::Tick now() const override { return workers_.front()->now(); }
  const WorkerCounters& counters(unsigned worker) const override { return workers_[worker]->counters(); }
  std::vector<RecentDrop> recent_drops() const override;
  std::size_t flows_max() const override { return options_.pipeline.flows_max; }
  std::vector<SnatUsage> snat_usage() const override;
  std::vector<net::MacAddress> port_macs() const override;
  std::vector<PortStatus> port_status() const override;
  std::vector<std::string> memory_report() const override;

 private:
  struct OpenQuery {
    FlowFilter filter;
    std::size_t limit;
    OnFlows on_flows;
    std::vector<FlowRecord> found;
    unsigned asked = 0;     // Workers that got the question.
    unsigned answered = 0;  // Workers whose answer is in `found`.
  };

  explicit DpdkForwarder(ForwarderOptions options) : options_{std::move(options)} {}
  base::Result<> open_ports();
  base::Result<> start_workers();
  void ask_workers();
  void free_old_snapshots();
  void add_traffic(std::size_t port, PortStatus& status) const;

  ForwarderOptions options_;
  std::unique_ptr<Eal> eal_;  // Outlives everything below.
  std::unique_ptr<const nat::Rss> rss_;
  rte_mempool* buffers_ = nullptr;
  std::size_t buffers_bytes_ = 0;
  Shared shared_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<const Snapshot> current_;
  std::deque<std::pair<std::uint64_t, std::unique_ptr<const Snapshot>>> retired_;  // With the token to wait for.
  std::deque<OpenQuery> open_queries_;
  Captures captures_{shared_, workers_};
};

}  // namespace sluice::dataplane::dpdk
