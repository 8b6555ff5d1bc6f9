#pragma once
// A dataplane port: one Ethernet device of DPDK and, beside it, the TAP through which the kernel uses the same wire.

#include <rte_ethdev.h>
#include <rte_spinlock.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "dataplane/dpdk/offloads.h"
#include "dataplane/dpdk/start.h"
#include "dataplane/dpdk/vlan.h"
#include "dataplane/forwarder.h"
#include "nat/rss.h"
#include "net/address.h"

namespace sluice::dataplane::dpdk {

struct DeviceOptions {
  std::string device;  // What DPDK calls it.
  std::uint16_t mtu = 1500;
  bool is_wire = true;  // Not a TAP.
  bool has_vlans = false;
  const nat::Rss* rss = nullptr;  // Never null: how the workers share what comes in.
};

// A DPDK device with its queues, started on creation and closed at the end.
class Device {
 public:
  // One queue for each worker of `options.rss`, or as many as the device has.
  static base::Result<std::unique_ptr<Device>> open(const DeviceOptions& options, rte_mempool* buffers);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  // Worker `worker` polls the receive queues q with q % workers == worker.
  unsigned queues() const { return queues_; }
  std::uint16_t id() const { return id_; }
  std::uint16_t receive(std::uint16_t queue, rte_mbuf** packets, std::uint16_t count) {
    return ::rte_eth_rx_burst(id_, queue, packets, count);
  }
  // Answers how many the device took; the caller keeps the rest. Workers beyond the number of queues share one.
  std::uint16_t send(unsigned worker, rte_mbuf** packets, std::uint16_t count);
  net::MacAddress mac() const;
  std::uint16_t mtu() const { return mtu_; }
  // DPDK's TAP driver stops at a longer frame, and what stands behind it is lost too.
  bool takes(std::uint32_t frame_length) const { return frame_length <= mtu_ + sizeof(net::EthernetHeader) + 4U; }
  const Offloads& offloads() const { return offloads_; }
  // Why what it receives has to be handed over to its worker; empty: the device brings it there.
  const std::string& why_handed_over() const { return why_handed_over_; }

 private:
  Device(std::uint16_t id, unsigned queues, bool shares_queues);
  base::Result<> configure(const DeviceOptions& options, rte_mempool* buffers);
  base::Result<> set_mtu(std::uint16_t mtu);
  std::uint16_t id_;
  unsigned queues_;
  bool shares_queues_;
  std::uint16_t mtu_ = 0;
  Offloads offloads_;
  std::unique_ptr<rte_spinlock_t[]> locks_;
  std::string why_handed_over_;
};

class WirePort {
 public:
  // With a wire of its own, on which `vlans` are ports.
  static base::Result<std::unique_ptr<WirePort>> open(const PortOptions& options, unsigned index, const Vlans& vlans,
                                                      const nat::Rss& rss, rte_mempool* buffers);
  // A VLAN on the wire of `parent`, which must outlive it.
  static base::Result<std::unique_ptr<WirePort>> open(const PortOptions& options, unsigned index, WirePort& parent,
                                                      const nat::Rss& rss, rte_mempool* buffers);

  Device& wire() { return *wire_; }
  bool is_vlan() const { return options_.vlan.has_value(); }
  const Vlans& vlans() const { return vlans_; }
  const VlanTag* tag() const { return is_vlan() ? &tag_ : nullptr; }
  // Whether what the wire receives needs a look before the pipeline gets it.
  bool needs_look() const { return needs_look_; }
  Device* kernel() { return kernel_.get(); }  // The TAP; null if the port has none.
  net::MacAddress mac() const { return mac_; }
  const std::string& name() const { return options_.name; }
  PortStatus status() const;

 private:
  WirePort(PortOptions options, Device& wire) : options_{std::move(options)}, wire_{&wire}, mac_{wire.mac()} {}
  base::Result<> open_kernel(unsigned index, const nat::Rss& rss, rte_mempool* buffers);
  PortOptions options_;
  std::unique_ptr<Device> own_wire_;  // Null if this is a VLAN.
  Device* wire_;
  Vlans vlans_;
  VlanTag tag_;
  std::string vlan_of_;  // Name of the port whose wire it is.
  bool needs_look_ = false;
  std::unique_ptr<Device> kernel_;
  net::MacAddress mac_;
};

}  // namespace sluice::dataplane::dpdk
