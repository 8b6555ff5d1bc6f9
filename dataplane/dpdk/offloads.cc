#include "dataplane/dpdk/offloads.h"

#include <algorithm>
#include <array>

namespace sluice::dataplane::dpdk {
namespace {

struct Name {
  std::uint64_t Offloads::*side;
  std::uint64_t bit;
  const char* text;
};

constexpr std::array kNames{
    Name{&Offloads::receive, RTE_ETH_RX_OFFLOAD_VLAN_STRIP, "vlan-strip"},
    Name{&Offloads::transmit, RTE_ETH_TX_OFFLOAD_VLAN_INSERT, "vlan-insert"},
    Name{&Offloads::receive, RTE_ETH_RX_OFFLOAD_IPV4_CKSUM, "ipv4-checksum"},
    Name{&Offloads::receive, RTE_ETH_RX_OFFLOAD_RSS_HASH, "rss-hash"},
    Name{&Offloads::receive, RTE_ETH_RX_OFFLOAD_SCATTER, "scatter"},
    Name{&Offloads::transmit, RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE, "fast-free"},
};

}  // namespace

Offloads offloads_for(const Offloads& capabilities, const PortFacts& facts) {
  Offloads wanted;
  // Every buffer is of one pool and nobody holds a second reference to it: captures copy, fragments wait uncopied.
  wanted.transmit |= RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
  if (facts.is_wire) wanted.receive |= RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
  if (facts.has_vlans) {
    wanted.receive |= RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
    wanted.transmit |= RTE_ETH_TX_OFFLOAD_VLAN_INSERT;
  }
  // Costs many drivers their fast receive path.
  if (facts.frame_max > facts.buffer_room) wanted.receive |= RTE_ETH_RX_OFFLOAD_SCATTER;
  return {.receive = wanted.receive & capabilities.receive, .transmit = wanted.transmit & capabilities.transmit};
}

std::vector<std::string> names_of(const Offloads& offloads) {
  std::vector<std::string> names;
  for (const Name& name : kNames) {
    if ((offloads.*name.side & name.bit) != 0) names.emplace_back(name.text);
  }
  return names;
}

std::uint32_t longest_packet(std::uint32_t max_rx_pktlen, std::uint16_t max_mtu) {
  constexpr std::uint32_t kAround = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
  const bool says_both = max_mtu != UINT16_MAX && max_rx_pktlen > max_mtu;
  if (says_both) return max_mtu;
  return std::min<std::uint32_t>(max_mtu, std::max(kAround, max_rx_pktlen) - kAround);
}

}  // namespace sluice::dataplane::dpdk
