#include "dataplane/dpdk/port.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "dataplane/dpdk/interface.h"
#include "dataplane/dpdk/rss.h"

// DPDK's af_packet driver has the kernel put IPv4 fragments together, and offers no way to say no. Such a datagram may
// be longer than a buffer and than the next port's MTU, and IPv6 would have another fate. So its sockets join their
// group without that: this stands in front of the C library's function, for the whole program, and leaves all else as
// it is.
extern "C" int setsockopt(int socket, int level, int name, const void* value, socklen_t length) noexcept {
  int fanout = 0;
  if (level == SOL_PACKET && name == PACKET_FANOUT && length == sizeof fanout) {
    std::memcpy(&fanout, value, sizeof fanout);
    fanout &= static_cast<int>(~(unsigned{PACKET_FANOUT_FLAG_DEFRAG} << 16));
    value = &fanout;
  }
  return static_cast<int>(::syscall(SYS_setsockopt, socket, level, name, value, length));
}

namespace sluice::dataplane::dpdk {
namespace {

using base::fail;
using base::Result;

constexpr std::uint16_t kDescriptors = 1024;
constexpr std::uint32_t kAroundPacket = sizeof(net::EthernetHeader) + sizeof(rte_vlan_hdr);

base::Failure fail_device(const std::string& what, int error) {
  return fail(what + ": " + ::rte_strerror(error < 0 ? -error : error));
}

}  // namespace

Device::Device(std::uint16_t id, unsigned queues, bool shares_queues)
    : id_{id}, queues_{queues}, shares_queues_{shares_queues}, locks_{new rte_spinlock_t[queues]} {
  for (unsigned i = 0; i < queues_; ++i) ::rte_spinlock_init(&locks_[i]);
}

Device::~Device() {
  ::rte_eth_dev_stop(id_);
  ::rte_eth_dev_close(id_);
}

Result<std::unique_ptr<Device>> Device::open(const DeviceOptions& options, rte_mempool* buffers) {
  std::uint16_t id = 0;
  if (::rte_eth_dev_get_port_by_name(options.device.c_str(), &id) != 0) {
    return fail("DPDK has no device '" + options.device + "'");
  }
  rte_eth_dev_info info{};
  if (const int error = ::rte_eth_dev_info_get(id, &info); error != 0) return fail_device("device info", error);
  const unsigned available =
      std::min({options.rss->workers(), unsigned{info.max_rx_queues}, unsigned{info.max_tx_queues}});
  std::unique_ptr<Device> opened{new Device{id, std::max(1U, available), available < options.rss->workers()}};
  if (auto configured = opened->configure(options, buffers); !configured) return fail(configured.message());
  return opened;
}

Result<> Device::configure(const DeviceOptions& options, rte_mempool* buffers) {
  rte_eth_dev_info info{};
  ::rte_eth_dev_info_get(id_, &info);
  rte_eth_conf conf{};
  offloads_ = offloads_for({.receive = info.rx_offload_capa, .transmit = info.tx_offload_capa},
                           {.is_wire = options.is_wire,
                            .has_vlans = options.has_vlans,
                            .frame_max = options.mtu + kAroundPacket,
                            .buffer_room = ::rte_pktmbuf_data_room_size(buffers) - unsigned{RTE_PKTMBUF_HEADROOM}});
  conf.rxmode.offloads = offloads_.receive;
  conf.txmode.offloads = offloads_.transmit;
  RssPlan spreading = plan_rss({.types = info.flow_type_rss_offloads,
                                .key_bytes = info.hash_key_size,
                                .table_entries = info.reta_size,
                                .queues = queues_},
                               *options.rss);
  if (spreading.types != 0) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf = {.rss_key = spreading.key.empty() ? nullptr : spreading.key.data(),
                                 .rss_key_len = static_cast<std::uint8_t>(spreading.key.size()),
                                 .rss_hf = spreading.types};
  }
  const auto queues = static_cast<std::uint16_t>(queues_);
  if (const int error = ::rte_eth_dev_configure(id_, queues, queues, &conf); error != 0) {
    return fail_device("configure " + std::to_string(queues_) + " queues", error);
  }
  if (auto set = set_mtu(options.mtu); !set) return set;
  std::uint16_t receive = kDescriptors, transmit = kDescriptors;
  ::rte_eth_dev_adjust_nb_rx_tx_desc(id_, &receive, &transmit);
  const auto socket = static_cast<unsigned>(std::max(0, ::rte_eth_dev_socket_id(id_)));
  for (std::uint16_t queue = 0; queue < queues; ++queue) {
    if (const int error = ::rte_eth_rx_queue_setup(id_, queue, receive, socket, nullptr, buffers); error != 0) {
      return fail_device("receive queue " + std::to_string(queue), error);
    }
    if (const int error = ::rte_eth_tx_queue_setup(id_, queue, transmit, socket, nullptr); error != 0) {
      return fail_device("transmit queue " + std::to_string(queue), error);
    }
  }
  if (const int error = ::rte_eth_dev_start(id_); error != 0) return fail_device("start", error);
  why_handed_over_ = settle_rss(id_, spreading);
  // VIPs are reached by the port's own MAC address, but the kernel's multicast groups are not ours to know.
  ::rte_eth_allmulticast_enable(id_);
  return {};
}

Result<> Device::set_mtu(std::uint16_t mtu) {
  rte_eth_dev_info info{};
  ::rte_eth_dev_info_get(id_, &info);
  mtu_ = mtu;
  if (std::string_view{info.driver_name} == "net_af_packet") return set_interface_mtu(info.if_index, mtu);
  const int error = ::rte_eth_dev_set_mtu(id_, mtu);
  if (error == 0) return {};
  if (error == -ENOTSUP) {  // It has the one of what is behind it.
    ::rte_eth_dev_get_mtu(id_, &mtu_);
    return {};
  }
  const auto most = longest_packet(info.max_rx_pktlen, info.max_mtu);
  if (mtu > most) return fail("mtu " + std::to_string(mtu) + ": it takes " + std::to_string(most) + " at most");
  return fail_device("set MTU " + std::to_string(mtu), error);
}

std::uint16_t Device::send(unsigned worker, rte_mbuf** packets, std::uint16_t count) {
  const auto queue = static_cast<std::uint16_t>(worker % queues_);
  if (!shares_queues_) return ::rte_eth_tx_burst(id_, queue, packets, count);
  ::rte_spinlock_lock(&locks_[queue]);
  const std::uint16_t sent = ::rte_eth_tx_burst(id_, queue, packets, count);
  ::rte_spinlock_unlock(&locks_[queue]);
  return sent;
}

net::MacAddress Device::mac() const {
  rte_ether_addr address{};
  ::rte_eth_macaddr_get(id_, &address);
  net::MacAddress mac;
  std::memcpy(mac.bytes.data(), address.addr_bytes, mac.bytes.size());
  return mac;
}

Result<std::unique_ptr<WirePort>> WirePort::open(const PortOptions& options, unsigned index, const Vlans& vlans,
                                                 const nat::Rss& rss, rte_mempool* buffers) {
  const auto named = [&](const std::string& message) { return fail("port " + options.name + ": " + message); };
  auto wire =
      Device::open({.device = options.device, .mtu = options.mtu, .has_vlans = !vlans.empty(), .rss = &rss}, buffers);
  if (!wire) return named(options.device + ": " + wire.message());
  std::unique_ptr<WirePort> port{new WirePort{options, **wire}};
  port->own_wire_ = std::move(*wire);
  port->vlans_ = vlans;
  port->needs_look_ = !vlans.empty() || (port->wire_->offloads().receive & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM) != 0;
  if (auto opened = port->open_kernel(index, rss, buffers); !opened) return named(opened.message());
  return port;
}

Result<std::unique_ptr<WirePort>> WirePort::open(const PortOptions& options, unsigned index, WirePort& parent,
                                                 const nat::Rss& rss, rte_mempool* buffers) {
  std::unique_ptr<WirePort> port{new WirePort{options, parent.wire()}};
  const bool is_offered = (parent.wire().offloads().transmit & RTE_ETH_TX_OFFLOAD_VLAN_INSERT) != 0;
  port->tag_ = {.id = options.vlan->id, .is_put_on_by_device = is_offered};
  port->vlan_of_ = parent.name();
  if (auto opened = port->open_kernel(index, rss, buffers); !opened) {
    return fail("port " + options.name + ": " + opened.message());
  }
  return port;
}

Result<> WirePort::open_kernel(unsigned index, const nat::Rss& rss, rte_mempool* buffers) {
  if (options_.tap.empty()) return {};
  const auto named = [&](const std::string& message) { return fail("TAP " + options_.tap + ": " + message); };
  // The driver would join a TAP that is another's, and take it down with itself.
  if (::if_nametoindex(options_.tap.c_str()) != 0) {
    return named("an interface of this name is there already (is another sluiced running?)");
  }
  // The same MAC address: to the network, the kernel and the engine are one host.
  const std::string device = "net_tap" + std::to_string(index);
  const std::string arguments = device + ",iface=" + options_.tap + ",mac=" + mac_.to_string();
  if (const int error = ::rte_dev_probe(arguments.c_str()); error != 0) return named(::rte_strerror(-error));
  auto tap = Device::open({.device = device, .mtu = tap_mtu(options_.mtu), .is_wire = false, .rss = &rss}, buffers);
  if (!tap) return named(tap.message());
  kernel_ = std::move(*tap);
  return {};
}

PortStatus WirePort::status() const {
  PortStatus status{.name = options_.name,
                    .device = options_.device,
                    .mac = mac_,
                    .mtu = std::min(options_.mtu, wire_->mtu()),
                    .tap = options_.tap,
                    .queues = wire_->queues(),
                    .why_handed_over = wire_->why_handed_over(),
                    .offloads = names_of(wire_->offloads())};
  rte_eth_dev_info info{};
  if (::rte_eth_dev_info_get(wire_->id(), &info) == 0 && info.driver_name != nullptr) status.driver = info.driver_name;
  rte_eth_link link{};
  status.link_up = ::rte_eth_link_get_nowait(wire_->id(), &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
  if (is_vlan()) {  // The device counts for the whole wire, the workers for this port.
    status.vlan_of = vlan_of_;
    status.vlan_id = tag_.id;
    return status;
  }
  rte_eth_stats stats{};
  if (::rte_eth_stats_get(wire_->id(), &stats) == 0) {
    status.rx_packets = stats.ipackets;
    status.rx_bytes = stats.ibytes;
    status.rx_missed = stats.imissed + stats.rx_nombuf;
    status.rx_errors = stats.ierrors;
    status.tx_packets = stats.opackets;
    status.tx_bytes = stats.obytes;
    status.tx_errors = stats.oerrors;
  }
  return status;
}

}  // namespace sluice::dataplane::dpdk
