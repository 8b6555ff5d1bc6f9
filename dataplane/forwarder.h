#pragma once
// What control sees of an engine: it takes snapshots, counts, and answers questions about flows and ports.
// All members are called from the control thread only.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/affinity_table.h"
#include "dataplane/capture.h"
#include "dataplane/counters.h"
#include "dataplane/flow_record.h"
#include "dataplane/recent_drops.h"
#include "dataplane/snapshot.h"
#include "nat/rss.h"

namespace sluice::dataplane {

struct RecentDrop {
  DroppedPacket packet;
  Verdict drop{};  // Why; where `packet.end` is a refusal, what it was the answer to.
  unsigned worker = 0;
  double age_seconds = 0;  // To within a tick.
};

struct PortStatus {
  std::string name;
  std::string device;
  std::string driver;
  net::MacAddress mac;
  std::uint16_t mtu = 0;
  bool link_up = false;
  std::string tap;
  std::string vlan_of;        // Name of the port whose VLAN this is; empty: it is none, and the device is its own.
  std::uint16_t vlan_id = 0;  // Then not zero.
  unsigned queues = 0;
  // Why what it receives has to be handed over to the worker that owns it; empty: the device brings it there.
  std::string why_handed_over;
  std::uint64_t handed_over = 0;  // Packets, whatever it says.
  std::vector<std::string> offloads;
  std::uint64_t rx_packets = 0, rx_bytes = 0, rx_missed = 0, rx_errors = 0;
  std::uint64_t tx_packets = 0, tx_bytes = 0, tx_errors = 0;
};

class Forwarder {
 public:
  using OnFlows = std::function<void(std::vector<FlowRecord>)>;
  using OnCaptured = std::function<void(const CapturedPacket& packet, const CapturedBytes& bytes)>;

  virtual ~Forwarder() = default;

  // Workers serve from this snapshot within one turn of theirs. The one before is freed when no worker reads it.
  virtual void publish(std::unique_ptr<const Snapshot> snapshot) = 0;
  virtual const Snapshot& snapshot() const = 0;  // The one published last. Valid until the next publish().

  // At most `limit` flows that match. Workers look at a bounded number of entries a turn, so the answer comes later:
  // call collect_answers() every few milliseconds while there are open queries.
  virtual void query_flows(FlowFilter filter, std::size_t limit, OnFlows on_flows) = 0;
  virtual void collect_answers() = 0;
  virtual bool has_open_queries() const = 0;

  // Arms one capture in all workers; only while none is. What they see waits in rings of bounded size.
  virtual void start_capture(const CaptureOptions& options) = 0;
  // Gives at most so many packets to `on_captured`, the oldest first as far as workers agree, with their times in
  // nanoseconds since 1970. Answers how many; call it every few milliseconds.
  virtual std::size_t drain_capture(std::size_t packets_max, const OnCaptured& on_captured) = 0;
  virtual std::uint64_t capture_lost() const = 0;  // Packets that met a full ring since the start of the capture.
  // Disarms it. False while a worker may still look at its memory: call it again.
  virtual bool end_capture() = 0;

  virtual unsigned workers() const = 0;
  virtual const nat::Rss& rss() const = 0;  // By which workers own packets.
  virtual const AffinityTable& affinities() const = 0;
  virtual nat::Tick now() const = 0;  // The workers' clock.
  virtual const WorkerCounters& counters(unsigned worker) const = 0;
  virtual std::vector<RecentDrop> recent_drops() const = 0;  // Of all workers.
  virtual std::size_t flows_max() const = 0;                 // Of each worker.
  virtual std::vector<SnatUsage> snat_usage() const = 0;     // Of all workers together.
  virtual std::vector<net::MacAddress> port_macs() const = 0;
  virtual std::vector<PortStatus> port_status() const = 0;
  virtual std::vector<std::string> memory_report() const = 0;  // A line for each thing that memory was taken for.
};

}  // namespace sluice::dataplane
