#include "dataplane/dpdk/vlan.h"

#include <rte_ether.h>

#include <cassert>
#include <cstring>

#include "net/byte_order.h"

namespace sluice::dataplane::dpdk {
namespace {

constexpr std::uint16_t kIdBits = 0x0fff;
constexpr std::size_t kAddresses = 2 * RTE_ETHER_ADDR_LEN;
constexpr std::uint16_t kTagLength = sizeof(rte_vlan_hdr);

// What stands between the addresses and the EtherType of what is inside.
struct Tag {
  net::Be16 type;
  net::Be16 control;
};
static_assert(sizeof(Tag) == kTagLength);

std::uint8_t* bytes_of(rte_mbuf* frame) { return rte_pktmbuf_mtod(frame, std::uint8_t*); }

void push(rte_mbuf* frame, std::uint16_t control) {
  // Every buffer has headroom, and only one tag is put into it.
  auto* moved = reinterpret_cast<std::uint8_t*>(::rte_pktmbuf_prepend(frame, kTagLength));
  assert(moved != nullptr);
  std::memmove(moved, moved + kTagLength, kAddresses);
  const Tag tag{net::Be16{RTE_ETHER_TYPE_VLAN}, net::Be16{control}};
  std::memcpy(moved + kAddresses, &tag, sizeof tag);
}

void pop(rte_mbuf* frame) {
  std::memmove(bytes_of(frame) + kTagLength, bytes_of(frame), kAddresses);
  ::rte_pktmbuf_adj(frame, kTagLength);
}

}  // namespace

std::uint16_t Vlans::take_off(rte_mbuf* frame, std::uint16_t wire) const {
  std::uint16_t control = 0;
  const bool is_off = (frame->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0;
  if (is_off) {
    control = frame->vlan_tci;
    frame->ol_flags &= ~(RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED);
  } else {
    Tag tag{};
    if (frame->data_len < kAddresses + sizeof tag + RTE_ETHER_TYPE_LEN) return wire;
    std::memcpy(&tag, bytes_of(frame) + kAddresses, sizeof tag);
    if (tag.type != net::Be16{RTE_ETHER_TYPE_VLAN}) return wire;
    control = tag.control.host();
  }
  const std::uint16_t id = control & kIdBits;
  const std::uint16_t port = id == 0 ? wire : ports_[id];
  if (port != kNobody) {
    if (!is_off) pop(frame);
    return port;
  }
  if (is_off) push(frame, control);
  return wire;
}

void VlanTag::put_on(std::span<rte_mbuf*> frames, VlanTraffic& traffic) const {
  for (rte_mbuf* frame : frames) {
    traffic.tx_packets.add(1);
    traffic.tx_bytes.add(frame->pkt_len);
    if (is_put_on_by_device) {
      frame->vlan_tci = id;
      frame->ol_flags |= RTE_MBUF_F_TX_VLAN;
    } else {
      push(frame, id);
    }
  }
}

}  // namespace sluice::dataplane::dpdk
