#pragma once
// A dataplane port: one Ethernet device of DPDK and, beside it, the TAP through which the kernel uses the same wire.

#include <rte_ethdev.h>
#include <rte_spinlock.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "dataplane/dpdk/start.h"
#include "dataplane/forwarder.h"
#include "nat/rss.h"
#include "net/address.h"

namespace sluice::dataplane::dpdk {

// A DPDK device with its queues, started on creation and closed at the end.
class Device {
 public:
  // One queue for each worker of `rss`, or as many as the device has.
  static base::Result<std::unique_ptr<Device>> open(const std::string& device, std::uint16_t mtu, const nat::Rss& rss,
                                                    rte_mempool* buffers);
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
  // Why what it receives has to be handed over to its worker; empty: the device brings it there.
  const std::string& why_handed_over() const { return why_handed_over_; }

 private:
  Device(std::uint16_t id, unsigned queues, bool shares_queues);
  base::Result<> configure(std::uint16_t mtu, const nat::Rss& rss, rte_mempool* buffers);
  std::uint16_t id_;
  unsigned queues_;
  bool shares_queues_;
  std::unique_ptr<rte_spinlock_t[]> locks_;
  std::string why_handed_over_;
};

class WirePort {
 public:
  static base::Result<std::unique_ptr<WirePort>> open(const PortOptions& options, unsigned index, const nat::Rss& rss,
                                                      rte_mempool* buffers);

  Device& wire() { return *wire_; }
  Device* kernel() { return kernel_.get(); }  // The TAP; null if the port has none.
  net::MacAddress mac() const { return mac_; }
  const std::string& name() const { return options_.name; }
  PortStatus status() const;

 private:
  WirePort(PortOptions options, std::unique_ptr<Device> wire, std::unique_ptr<Device> kernel);
  PortOptions options_;
  std::unique_ptr<Device> wire_;
  std::unique_ptr<Device> kernel_;
  net::MacAddress mac_;
};

}  // namespace sluice::dataplane::dpdk
