#include "dataplane/dpdk/forwarder.h"

#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "dataplane/dpdk/requirements.h"

namespace sluice::dataplane::dpdk {
namespace {

using base::fail;
using base::Result;

// Two descriptor rings, what is on its way between them, and fragments that wait.
constexpr unsigned kBuffersPerQueue = 3 * 1024;
constexpr unsigned kBufferCache = 256;
constexpr unsigned kInboxSize = 4096;
constexpr std::size_t kClientsMax = std::size_t{1} << 20;  // 8 MB, for affinity, and as much for limits.
constexpr std::size_t kLimitedServicesMax = std::size_t{1} << 16;

int run_worker(void* worker) {
  static_cast<Worker*>(worker)->run();
  return 0;
}

std::string join(const std::vector<std::string>& sentences) {
  std::string all;
  for (const auto& sentence : sentences) all += (all.empty() ? "" : "; ") + sentence;
  return all;
}

Vlans vlans_on(unsigned wire, const std::vector<PortOptions>& ports) {
  Vlans vlans;
  for (std::uint16_t i = 0, count = static_cast<std::uint16_t>(ports.size()); i < count; ++i) {
    if (ports[i].vlan && ports[i].vlan->port == wire) vlans.add(ports[i].vlan->id, i);
  }
  return vlans;
}

std::string megabytes(std::size_t bytes) { return std::to_string((bytes + (1U << 20) - 1) >> 20) + " MB"; }

template <typename Family>
std::string report_of(const FamilyPipeline<Family>& pipeline) {
  const auto& flows = pipeline.flows();
  return "room for " + std::to_string(flows.capacity()) + " flows: " + megabytes(flows.memory_bytes()) + " of " +
         std::string{nat::to_string(flows.pages())} + "; SNAT ports: " + megabytes(pipeline.ports().memory_bytes());
}

}  // namespace

Result<std::unique_ptr<DpdkForwarder>> DpdkForwarder::start(ForwarderOptions options) {
  Host host = look_at_host();
  host.devices_max = RTE_MAX_ETHPORTS;
  if (const auto problems = missing(options, host); !problems.empty()) return fail(join(problems));
  std::unique_ptr<DpdkForwarder> forwarder{new DpdkForwarder{std::move(options)}};
  auto eal = Eal::start(forwarder->options_.eal);
  if (!eal) return fail(eal.message());
  forwarder->eal_ = std::move(*eal);
  if (auto opened = forwarder->open_ports(); !opened) return fail(opened.message());
  if (auto started = forwarder->start_workers(); !started) return fail(started.message());
  return forwarder;
}

Result<> DpdkForwarder::open_ports() {
  const unsigned queues = ::rte_lcore_count() - 1;
  rss_ = std::make_unique<const nat::Rss>(queues, options_.pipeline.seed);
  const auto devices = static_cast<unsigned>(device_count(options_.ports));
  const unsigned count = std::max(8192U, devices * queues * kBuffersPerQueue);
  const auto mtu = std::ranges::max(options_.ports, {}, &PortOptions::mtu).mtu;
  const auto room = static_cast<std::uint16_t>(std::min(65'535U, RTE_PKTMBUF_HEADROOM + buffer_room(mtu)));
  buffers_ = ::rte_pktmbuf_pool_create("packets", count, kBufferCache, 0, room, static_cast<int>(::rte_socket_id()));
  if (buffers_ == nullptr) {
    return fail("memory for " + std::to_string(count) + " packet buffers of " + std::to_string(room) +
                " bytes: " + ::rte_strerror(rte_errno) + " (raise dpdk.memory_mb, now " +
                std::to_string(options_.eal.memory_mb) + ")");
  }
  buffers_bytes_ = std::size_t{count} * (room + sizeof(rte_mbuf));
  shared_.ports.resize(options_.ports.size());
  for (unsigned i = 0; i < options_.ports.size(); ++i) {
    if (options_.ports[i].vlan) continue;
    auto port = WirePort::open(options_.ports[i], i, vlans_on(i, options_.ports), *rss_, buffers_);
    if (!port) return fail(port.message());
    shared_.ports[i] = std::move(*port);
  }
  for (unsigned i = 0; i < options_.ports.size(); ++i) {
    if (!options_.ports[i].vlan) continue;
    auto port = WirePort::open(options_.ports[i], i, *shared_.ports[options_.ports[i].vlan->port], *rss_, buffers_);
    if (!port) return fail(port.message());
    shared_.ports[i] = std::move(*port);
  }
  return {};
}

Result<> DpdkForwarder::start_workers() {
  const unsigned count = ::rte_lcore_count() - 1;
  const auto size = ::rte_rcu_qsbr_get_memsize(count);
  shared_.quiescent = static_cast<rte_rcu_qsbr*>(::rte_zmalloc("quiescent", size, RTE_CACHE_LINE_SIZE));
  if (shared_.quiescent == nullptr) return fail("memory for the quiescent states of workers");
  ::rte_rcu_qsbr_init(shared_.quiescent, count);
  for (unsigned i = 0; i < count; ++i) {
    ::rte_rcu_qsbr_thread_register(shared_.quiescent, i);
    const std::string name = "inbox" + std::to_string(i);
    shared_.inbox.push_back(::rte_ring_create(name.c_str(), kInboxSize, SOCKET_ID_ANY, RING_F_SC_DEQ));
    if (shared_.inbox.back() == nullptr)
      return fail("memory for a worker's inbox: " + std::string{::rte_strerror(rte_errno)});
  }
  shared_.idle_sleep_max = options_.idle_sleep_max;

  auto first = std::make_unique<Snapshot>();
  first->epoch = 1;
  for (const auto& port : shared_.ports) first->ports.push_back({.mac = port->mac()});
  current_ = std::move(first);
  shared_.snapshot.store(current_.get(), std::memory_order_release);

  options_.pipeline.affinities = std::make_shared<AffinityTable>(kClientsMax, options_.pipeline.seed);
  options_.pipeline.limits =
      std::make_shared<ConnectionLimits>(kLimitedServicesMax, kClientsMax, options_.pipeline.seed);
  for (unsigned i = 0; i < count; ++i) {
    PipelineOptions pipeline = options_.pipeline;
    pipeline.worker = i;
    pipeline.workers = count;
    workers_.push_back(std::make_unique<Worker>(shared_, pipeline));
    if (const int error = ::rte_eal_remote_launch(run_worker, workers_.back().get(), i + 1); error != 0) {
      return fail("worker " + std::to_string(i) + " did not start: " + ::rte_strerror(-error));
    }
  }
  return {};
}

Result<std::unique_ptr<Forwarder>> start(ForwarderOptions options) {
  auto forwarder = DpdkForwarder::start(std::move(options));
  if (!forwarder) return fail(forwarder.message());
  return std::unique_ptr<Forwarder>{std::move(*forwarder)};
}

DpdkForwarder::~DpdkForwarder() {
  shared_.stop.store(true);
  if (!workers_.empty()) ::rte_eal_mp_wait_lcore();
  workers_.clear();
  for (rte_ring* inbox : shared_.inbox) {
    void* packet = nullptr;
    while (inbox != nullptr && ::rte_ring_sc_dequeue(inbox, &packet) == 0)
      ::rte_pktmbuf_free(static_cast<rte_mbuf*>(packet));
    ::rte_ring_free(inbox);
  }
  shared_.ports.clear();
  ::rte_free(shared_.quiescent);
  ::rte_mempool_free(buffers_);
}

void DpdkForwarder::publish(std::unique_ptr<const Snapshot> snapshot) {
  const Snapshot* published = snapshot.get();
  shared_.snapshot.store(published, std::memory_order_release);
  retired_.emplace_back(::rte_rcu_qsbr_start(shared_.quiescent), std::move(current_));
  current_ = std::move(snapshot);
  free_old_snapshots();
}

void DpdkForwarder::free_old_snapshots() {
  while (!retired_.empty() && ::rte_rcu_qsbr_check(shared_.quiescent, retired_.front().first, false) == 1) {
    retired_.pop_front();
  }
}

void DpdkForwarder::query_flows(FlowFilter filter, std::size_t limit, OnFlows on_flows) {
  open_queries_.push_back({.filter = filter, .limit = limit, .on_flows = std::move(on_flows)});
  ask_workers();
}

// One question at a time, to all workers at once.
void DpdkForwarder::ask_workers() {
  if (open_queries_.empty()) return;
  OpenQuery& open = open_queries_.front();
  for (; open.asked < workers(); ++open.asked) {
    auto query = std::make_unique<FlowQuery>();
    query->filter = open.filter;
    query->limit = open.limit;
    query->worker = open.asked;
    query->found.reserve(open.limit);
    if (!workers_[open.asked]->queries().ask(query)) return;
  }
}

void DpdkForwarder::collect_answers() {
  free_old_snapshots();
  if (open_queries_.empty()) return;
  OpenQuery& open = open_queries_.front();
  for (const auto& worker : workers_) {
    const auto answer = worker->queries().collect();
    if (answer == nullptr) continue;
    ++open.answered;
    open.found.insert(open.found.end(), answer->found.begin(), answer->found.end());
  }
  ask_workers();
  if (open.answered < workers()) return;
  OpenQuery done = std::move(open);
  open_queries_.pop_front();
  ask_workers();
  if (done.found.size() > done.limit) done.found.resize(done.limit);
  done.on_flows(std::move(done.found));
}

std::vector<RecentDrop> DpdkForwarder::recent_drops() const {
  std::vector<RecentDrop> drops;
  for (unsigned number = 0; number < workers(); ++number) {
    const Worker& worker = *workers_[number];
    for (const VerdictInfo& info : kVerdicts) {
      for (const DroppedPacket& packet : worker.pipeline().recent_drops().latest(info.verdict)) {
        const std::chrono::duration<double> age = nat::to_duration(nat::elapsed(worker.now(), packet.when));
        drops.push_back({.packet = packet, .drop = info.verdict, .worker = number, .age_seconds = age.count()});
      }
    }
  }
  return drops;
}

std::vector<SnatUsage> DpdkForwarder::snat_usage() const {
  std::vector<SnatUsage> total;
  for (const auto& worker : workers_) {
    auto usage = worker->pipeline().v4().snat_usage();
    std::ranges::copy(worker->pipeline().v6().snat_usage(), std::back_inserter(usage));
    if (total.empty()) total.resize(usage.size());
    for (std::size_t i = 0; i < usage.size(); ++i) {
      total[i].address = usage[i].address;
      total[i].in_use += usage[i].in_use;
      total[i].capacity += usage[i].capacity;
      const bool is_fuller = usage[i].fullest * total[i].fullest_max >= total[i].fullest * usage[i].fullest_max;
      if (!is_fuller) continue;
      total[i].fullest = usage[i].fullest;
      total[i].fullest_max = usage[i].fullest_max;
    }
  }
  return total;
}

std::vector<net::MacAddress> DpdkForwarder::port_macs() const {
  std::vector<net::MacAddress> macs;
  for (const auto& port : shared_.ports) macs.push_back(port->mac());
  return macs;
}

std::vector<PortStatus> DpdkForwarder::port_status() const {
  std::vector<PortStatus> all;
  for (std::uint16_t port = 0, count = static_cast<std::uint16_t>(shared_.ports.size()); port < count; ++port) {
    all.push_back(shared_.ports[port]->status());
    for (const auto& worker : workers_) all.back().handed_over += worker->handed_over(port);
    if (shared_.ports[port]->is_vlan()) add_traffic(port, all.back());
  }
  return all;
}

void DpdkForwarder::add_traffic(std::size_t port, PortStatus& status) const {
  for (const auto& worker : workers_) {
    const VlanTraffic& traffic = worker->vlan_traffic(port);
    status.rx_packets += traffic.rx_packets.get();
    status.rx_bytes += traffic.rx_bytes.get();
    status.tx_packets += traffic.tx_packets.get();
    status.tx_bytes += traffic.tx_bytes.get();
  }
}

std::vector<std::string> DpdkForwarder::memory_report() const {
  std::vector<std::string> lines;
  const std::string pages = eal_->has_hugepages() ? "huge pages" : "small pages";
  lines.push_back("packet buffers: " + megabytes(buffers_bytes_) + " of " + pages);
  for (const auto& worker : workers_) {
    const std::string name = "worker " + std::to_string(lines.size() - 1) + ": ";
    lines.push_back(name + report_of(worker->pipeline().v4()));
    if (worker->pipeline().v6().ports().address_count() > 0) {
      lines.back() += "; IPv6: " + report_of(worker->pipeline().v6());
    }
  }
  return lines;
}

}  // namespace sluice::dataplane::dpdk
