#pragma once
// What control sees of an engine: it takes snapshots, counts, and answers questions about flows and ports.
// All members are called from the control thread only.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/counters.h"
#include "dataplane/recent_drops.h"
#include "dataplane/snapshot.h"
#include "nat/flow.h"

namespace sluice::dataplane {

struct FlowFilter {  // Unset fields match everything.
  std::optional<net::IpProtocol> protocol;
  std::optional<net::IpAddress> client;
  std::optional<net::Be16> client_port;
  std::optional<net::IpAddress> vip;
  std::optional<net::Be16> vip_port;
  std::optional<net::IpAddress> node;

  // `node` serves the flow; it stands in none of the flow's addresses where delivery dsr leaves them as they are.
  template <typename Family>
  bool matches(const nat::Flow<Family>& flow, const typename Family::Address& node) const;
};

struct FlowRecord {
  net::IpAddress client, vip, node, snat;
  net::Be16 client_port, vip_port, node_port, snat_port;
  net::IpProtocol protocol{};
  nat::TcpState state = nat::TcpState::kNone;
  bool has_replied = false;  // The node has sent something.
  lb::BackendId backend = lb::kNoBackend;
  std::uint32_t service = 0;
  unsigned worker = 0;
  double idle_seconds = 0;
};

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
  unsigned queues = 0;
  std::vector<std::string> offloads;
  std::uint64_t rx_packets = 0, rx_bytes = 0, rx_missed = 0, rx_errors = 0;
  std::uint64_t tx_packets = 0, tx_bytes = 0, tx_errors = 0;
};

class Forwarder {
 public:
  using OnFlows = std::function<void(std::vector<FlowRecord>)>;

  virtual ~Forwarder() = default;

  // Workers serve from this snapshot within one turn of theirs. The one before is freed when no worker reads it.
  virtual void publish(std::unique_ptr<const Snapshot> snapshot) = 0;
  virtual const Snapshot& snapshot() const = 0;  // The one published last. Valid until the next publish().

  // At most `limit` flows that match. Workers look at a bounded number of entries a turn, so the answer comes later:
  // call collect_answers() every few milliseconds while there are open queries.
  virtual void query_flows(FlowFilter filter, std::size_t limit, OnFlows on_flows) = 0;
  virtual void collect_answers() = 0;
  virtual bool has_open_queries() const = 0;

  virtual unsigned workers() const = 0;
  virtual const WorkerCounters& counters(unsigned worker) const = 0;
  virtual std::vector<RecentDrop> recent_drops() const = 0;  // Of all workers.
  virtual std::size_t flows_max() const = 0;                 // Of each worker.
  virtual std::vector<SnatUsage> snat_usage() const = 0;     // Of all workers together.
  virtual std::vector<net::MacAddress> port_macs() const = 0;
  virtual std::vector<PortStatus> port_status() const = 0;
  virtual std::vector<std::string> memory_report() const = 0;  // A line for each thing that memory was taken for.
};

}  // namespace sluice::dataplane
