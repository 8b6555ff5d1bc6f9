#pragma once
// What a device does for us, decided once when it is opened, from what it can do and what its port needs. Pure.
//
// Not among it: checksums on sending. Ours are put right by differences (RFC 1624), so a wrong one stays wrong all the
// way; a device that computes it anew would make a corrupted packet look whole (ADR 17).

#include <rte_ethdev.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::dataplane::dpdk {

struct Offloads {
  std::uint64_t receive = 0;   // RTE_ETH_RX_OFFLOAD_*
  std::uint64_t transmit = 0;  // RTE_ETH_TX_OFFLOAD_*

  bool operator==(const Offloads&) const = default;
};

struct PortFacts {
  bool is_wire = true;          // Not a TAP.
  bool has_vlans = false;       // Other ports are VLANs on this wire.
  std::uint32_t frame_max = 0;  // Bytes of the longest frame that may come in.
  std::uint32_t buffer_room = 0;
};

Offloads offloads_for(const Offloads& capabilities, const PortFacts& facts);

// "vlan-strip, vlan-insert, fast-free, …": of those that we know, in this order.
std::vector<std::string> names_of(const Offloads& offloads);

// The longest packet that a device takes, by what it reports (rte_eth_dev_info), as rte_eth_dev_set_mtu() sees it.
std::uint32_t longest_packet(std::uint32_t max_rx_pktlen, std::uint16_t max_mtu);

}  // namespace sluice::dataplane::dpdk
