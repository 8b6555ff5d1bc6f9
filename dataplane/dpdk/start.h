#pragma once
// How to start the DPDK engine. Free of DPDK's own headers: all that control needs to see of it.

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "dataplane/forwarder.h"
#include "dataplane/pipeline.h"

namespace sluice::dataplane::dpdk {

enum class HugepageUse { kAuto, kOn, kOff };

struct EalOptions {
  std::string file_prefix = "sluice";
  HugepageUse hugepages = HugepageUse::kAuto;
  unsigned memory_mb = 128;              // For packet buffers and rings.
  std::vector<unsigned> worker_cpus;     // One worker an entry.
  unsigned floating_workers = 0;         // Workers without a CPU of their own, used when worker_cpus is empty.
  std::vector<std::string> pci_devices;  // Addresses that may be probed; none: no PCI device is touched.
  std::vector<std::string> vdevs;        // "net_af_packet0,iface=wan"
  std::vector<std::string> extra_args;
};

struct VlanOptions {
  unsigned port;     // Index of the port whose wire it is on, which is no VLAN itself.
  std::uint16_t id;  // 1 to 4094.
};

struct PortOptions {
  std::string name;                 // As the configuration calls it.
  std::string device;               // What DPDK calls it: PCI address or vdev name.
  std::string interface;            // Of the kernel, that the device takes over; empty: none.
  std::optional<VlanOptions> vlan;  // Then `device` and `interface` are those of the wire.
  std::string tap;                  // Name of the kernel's end; empty: the port has none.
  std::uint16_t mtu = 1500;
};

// Each wire and each TAP is one.
inline std::size_t device_count(const std::vector<PortOptions>& ports) {
  std::size_t count = 0;
  for (const auto& port : ports) count += (port.vlan ? 0 : 1) + (port.tap.empty() ? 0 : 1);
  return count;
}

// DPDK's TAP driver takes no longer packets, whatever the wire does.
constexpr std::uint16_t tap_mtu(std::uint16_t mtu) { return std::min<std::uint16_t>(mtu, 1500); }

struct ForwarderOptions {
  EalOptions eal;
  std::vector<PortOptions> ports;
  PipelineOptions pipeline;  // `worker` and `workers` are filled in for each.
  std::chrono::nanoseconds idle_sleep_max{200'000};
};

// Bytes of a packet buffer that takes every frame of a port with this MTU; also the frame size of af_packet's ring,
// which wants a power of two and buffers no smaller.
constexpr std::uint32_t buffer_room(std::uint16_t mtu) { return std::max(2048U, std::bit_ceil(mtu + 128U)); }

// Opens the ports and starts the workers, with a first snapshot that has no services. The calling thread must stay the
// control thread. One engine a process.
base::Result<std::unique_ptr<Forwarder>> start(ForwarderOptions options);

}  // namespace sluice::dataplane::dpdk
