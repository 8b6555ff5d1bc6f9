#include "conf/defaults.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "conf/config.pb.h"
#include "conf/syntax.h"

namespace sluice::conf {
namespace {

// Megabytes: each worker has a queue of its own on every wire and on every TAP, with some 3,000 buffers for packets of
// the largest MTU, taken in few big pieces that do not fit everywhere; rings and the library itself take the rest.
std::uint32_t memory_for(const Config& config) {
  constexpr std::uint64_t kLeast = 128, kMost = 1'048'576, kApart = 90;
  constexpr std::uint64_t kBuffersOfDevice = 3072, kAroundBuffer = 1200;
  std::uint64_t mtu_max = 0, devices = 0;
  for (const Port& port : config.ports()) {
    mtu_max = std::max<std::uint64_t>(mtu_max, port.mtu());
    devices += port.has_vlan() ? 1 : 2;
  }
  const std::uint64_t room = std::max<std::uint64_t>(2048, std::bit_ceil(mtu_max + 128));  // As the engine has it.
  const std::uint64_t buffers = config.workers().count() * devices * kBuffersOfDevice * (room + kAroundBuffer) >> 20;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(std::max(kLeast, kApart + buffers), kMost));
}

void apply_defaults(Dpdk& dpdk) {
  if (!dpdk.has_file_prefix()) dpdk.set_file_prefix("sluice");
}

void apply_defaults(Workers& workers) {
  if (!workers.has_count()) workers.set_count(workers.cpus().empty() ? 1 : static_cast<unsigned>(workers.cpus_size()));
  if (!workers.has_flows_max()) workers.set_flows_max(1'000'000);
  if (!workers.has_idle_sleep()) workers.set_idle_sleep("200us");
  if (!workers.has_refusals()) workers.set_refusals(1'000);
}

void apply_defaults(Port& port) {
  const auto device = parse_device(port.device());
  if (!port.has_vlan() && !port.has_driver() && device && device->kind == DeviceKind::kInterface)
    port.set_driver(DRIVER_AF_PACKET);
  if (!port.has_tap()) port.set_tap("sl-" + port.name());
  if (!port.has_announce_vips()) port.set_announce_vips(true);
}

// A VLAN takes packets as long as its port does, wherever in the list that stands.
void apply_default_mtus(Config& config) {
  for (Port& port : *config.mutable_ports()) {
    if (!port.has_mtu() && !port.has_vlan()) port.set_mtu(1500);
  }
  for (Port& port : *config.mutable_ports()) {
    if (port.has_mtu()) continue;
    const Port* parent = parent_of(port, config);
    port.set_mtu(parent != nullptr && parent->has_mtu() ? parent->mtu() : 1500);
  }
}

void apply_defaults(Health& health) {
  if (!health.has_enabled()) health.set_enabled(true);
  if (!health.has_interval()) health.set_interval("1s");
  if (!health.has_timeout()) health.set_timeout("1s");
  if (!health.has_rise()) health.set_rise(1);
  if (!health.has_fall()) health.set_fall(2);
}

// As nat/timeouts.h has them, with the reasons.
void apply_defaults(Timeouts& timeouts) {
  if (!timeouts.has_tcp_syn()) timeouts.set_tcp_syn("5s");
  if (!timeouts.has_tcp_established()) timeouts.set_tcp_established("2h4m");
  if (!timeouts.has_tcp_half_closed()) timeouts.set_tcp_half_closed("120s");
  if (!timeouts.has_tcp_closing()) timeouts.set_tcp_closing("10s");
  if (!timeouts.has_sctp_init()) timeouts.set_sctp_init("5s");
  if (!timeouts.has_sctp_established()) timeouts.set_sctp_established("210s");
  if (!timeouts.has_sctp_shutdown()) timeouts.set_sctp_shutdown("60s");
  if (!timeouts.has_sctp_closed()) timeouts.set_sctp_closed("10s");
  if (!timeouts.has_udp_unreplied()) timeouts.set_udp_unreplied("30s");
  if (!timeouts.has_udp_replied()) timeouts.set_udp_replied("180s");
  if (!timeouts.has_dns_unreplied()) timeouts.set_dns_unreplied("10s");
  if (!timeouts.has_dns_replied()) timeouts.set_dns_replied("5s");
  if (!timeouts.has_drain()) timeouts.set_drain("0");
  if (!timeouts.has_lost_node()) timeouts.set_lost_node("20s");
}

}  // namespace

const Port* parent_of(const Port& port, const Config& config) {
  const auto found = std::ranges::find_if(
      config.ports(), [&](const Port& candidate) { return port.has_vlan() && candidate.name() == port.vlan().port(); });
  return found == config.ports().end() ? nullptr : &*found;
}

void apply_defaults(Config& config) {
  if (!config.has_state_dir()) config.set_state_dir("/var/lib/sluice");
  if (!config.has_admin_socket()) config.set_admin_socket("/run/sluice/admin.sock");
  apply_defaults(*config.mutable_dpdk());
  apply_defaults(*config.mutable_workers());
  for (Port& port : *config.mutable_ports()) apply_defaults(port);
  apply_default_mtus(config);
  if (!config.mutable_snat()->has_ports()) config.mutable_snat()->set_ports("32768-65535");
  for (Pool& pool : *config.mutable_pools()) {
    if (!pool.has_auto_assign()) pool.set_auto_assign(true);
  }
  for (Cluster& cluster : *config.mutable_clusters()) {
    if (cluster.load_balancer_classes().empty()) cluster.add_load_balancer_classes("sluice.dev/edge");
  }
  if (!config.dpdk().has_memory_mb()) config.mutable_dpdk()->set_memory_mb(memory_for(config));  // All else is known.
  apply_defaults(*config.mutable_timeouts());
  apply_defaults(*config.mutable_health());
}

}  // namespace sluice::conf
