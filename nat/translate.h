#pragma once
// Rewrites a packet of a flow: addresses, ports and checksums, by deltas prepared once a flow (RFC 1624).
//
// The caller has checked that headers are complete: `l4` points at the TCP header (18 bytes at least) or UDP header (8)
// behind `ip`. Only the first fragment has one; later fragments get their addresses translated and nothing else.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "nat/flow.h"
#include "nat/port_pool.h"
#include "net/checksum.h"
#include "net/headers.h"

namespace sluice::nat {

struct Endpoint {
  net::Ipv4Address address;
  net::Be16 port;
};

// A new flow for the packet of this key (client → vip) on its way by `snat` to `node`. Backend, service and the link
// layer's fields are the caller's to fill in. TCP starts in kSynSent.
inline Flow make_flow(const net::FlowKey& key, const Endpoint& node, const SnatPort& snat, Tick now) {
  Flow flow{};
  flow.client = key.source;
  flow.vip = key.destination;
  flow.client_port = key.source_port;
  flow.vip_port = key.destination_port;
  flow.node = node.address;
  flow.node_port = node.port;
  flow.snat = snat.address;
  flow.snat_port = snat.port;
  flow.port_group = snat.group;
  flow.protocol = key.protocol;
  flow.state = key.protocol == net::IpProtocol::kTcp ? TcpState::kSynSent : TcpState::kNone;
  flow.last_seen = now;
  flow.ip_delta.change(flow.client, flow.snat).change(flow.vip, flow.node);
  flow.l4_delta = flow.ip_delta;
  flow.l4_delta.change(flow.client_port, flow.snat_port).change(flow.vip_port, flow.node_port);
  return flow;
}

template <Direction direction>
inline void translate_addresses(net::Ipv4Header& ip, const Flow& flow) {
  if constexpr (direction == Direction::kToNode) {
    ip.source = flow.snat;
    ip.destination = flow.node;
    ip.checksum = flow.ip_delta.apply(ip.checksum);
  } else {
    ip.source = flow.vip;
    ip.destination = flow.client;
    ip.checksum = flow.ip_delta.inverse().apply(ip.checksum);
  }
}

// TCP and UDP have their ports in the same place.
template <Direction direction>
inline void translate_ports(std::uint8_t* l4, const Flow& flow) {
  auto* const ports = reinterpret_cast<net::Be16*>(l4);
  ports[0] = direction == Direction::kToNode ? flow.snat_port : flow.vip_port;
  ports[1] = direction == Direction::kToNode ? flow.node_port : flow.client_port;

  const auto delta = direction == Direction::kToNode ? flow.l4_delta : flow.l4_delta.inverse();
  if (flow.protocol == net::IpProtocol::kTcp) {
    auto& checksum = reinterpret_cast<net::TcpHeader*>(l4)->checksum;
    checksum = delta.apply(checksum);
    return;
  }
  auto& checksum = reinterpret_cast<net::UdpHeader*>(l4)->checksum;
  if (checksum.raw() == 0) return;  // RFC 768: the sender made none.
  const net::Be16 updated = delta.apply(checksum);
  checksum = updated.raw() != 0 ? updated : net::Be16{0xffff};  // RFC 768: a computed zero is sent as ones.
}

inline void translate_to_node(net::Ipv4Header& ip, std::uint8_t* l4, const Flow& flow) {
  translate_addresses<Direction::kToNode>(ip, flow);
  translate_ports<Direction::kToNode>(l4, flow);
}

inline void translate_to_client(net::Ipv4Header& ip, std::uint8_t* l4, const Flow& flow) {
  translate_addresses<Direction::kToClient>(ip, flow);
  translate_ports<Direction::kToClient>(l4, flow);
}

// The caller has seen that ttl > 1. The header's sum falls by 0x0100, so its checksum rises by that (RFC 1141).
inline void decrement_ttl(net::Ipv4Header& ip) {
  --ip.ttl;
  const std::uint32_t sum = std::uint32_t{ip.checksum.raw()} + net::Be16{0x0100}.raw();
  ip.checksum = net::Be16::from_raw(static_cast<std::uint16_t>(sum + (sum >= 0xffff ? 1 : 0)));
}

}  // namespace sluice::nat
