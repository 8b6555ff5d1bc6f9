#pragma once
// Rewrites a packet of a flow: addresses, ports and checksums, by deltas prepared once a flow (RFC 1624). That of SCTP
// hangs on the packet's length, so translate_sctp() makes it for each packet.
//
// The caller has checked that headers are complete (but for what an ICMP error quotes): `l4` points at the TCP header
// (18 bytes at least) or UDP header (8) behind `ip`. Only the first fragment has one; later fragments get their
// addresses translated and nothing else.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "nat/flow.h"
#include "net/checksum.h"
#include "net/crc32c.h"
#include "net/headers.h"

namespace sluice::nat {

// What makes a flow: the client's packet (client → vip), and what it goes on as (snat → node).
template <typename Family>
struct Binding {
  net::FlowKey<Family> client;
  typename Family::Address snat;
  net::Be16 snat_port;
  typename Family::Address node;
  net::Be16 node_port;
  TcpState state = TcpState::kSynSent;  // Of TCP: where it starts.
};

// The client's packet as it is: delivery by the link layer alone.
template <typename Family>
Binding<Family> untranslated(const net::FlowKey<Family>& client, TcpState state) {
  return {.client = client,
          .snat = client.source,
          .snat_port = client.source_port,
          .node = client.destination,
          .node_port = client.destination_port,
          .state = state};
}

// Backend, service, port group and the link layer's fields are the caller's to fill in.
template <typename Family>
Flow<Family> make_flow(const Binding<Family>& binding);

// The delta as a packet of this direction needs it: inverted for kToClient, without a branch.
inline net::ChecksumDelta directed(net::ChecksumDelta delta, Direction direction) {
  const auto to_client = static_cast<std::uint16_t>(-static_cast<int>(direction));
  return std::bit_cast<net::ChecksumDelta>(static_cast<std::uint16_t>(std::bit_cast<std::uint16_t>(delta) ^ to_client));
}

// Both directions are one straight piece of code: what a packet becomes is the other half of the flow turned round
// (see nat/flow.h), by the delta or its inverse. Directions mix at random within a burst, so a branch on them would be
// mispredicted every other time, which cost more than the whole rewrite.
inline void translate_addresses(net::Ipv4Header& ip, const Flow4& flow, Direction direction) {
  const auto other = flow.half(opposite(direction));
  ip.source = other.destination;
  ip.destination = other.source;
  ip.checksum = directed(flow.ip_delta, direction).apply(ip.checksum);
}
inline void translate_addresses(net::Ipv6Header& ip, const Flow6& flow, Direction direction) {
  const auto other = flow.half(opposite(direction));
  ip.source = other.destination;
  ip.destination = other.source;
}

constexpr std::size_t checksum_offset(net::IpProtocol protocol) {
  return protocol == net::IpProtocol::kTcp ? offsetof(net::TcpHeader, checksum) : offsetof(net::UdpHeader, checksum);
}

template <typename Family>
inline void translate_checksum(std::uint8_t* l4, const Flow<Family>& flow, Direction direction) {
  const bool is_tcp = flow.protocol == net::IpProtocol::kTcp;
  auto& checksum = *reinterpret_cast<net::Be16*>(l4 + checksum_offset(flow.protocol));
  if (checksum.raw() == 0 && !is_tcp) [[unlikely]]
    return;  // RFC 768: the sender made none.
  const net::Be16 updated = directed(flow.l4_delta, direction).apply(checksum);
  const bool is_udp_zero = updated.raw() == 0 && !is_tcp;
  checksum = is_udp_zero ? net::Be16{0xffff} : updated;  // RFC 768: a computed zero is sent as ones.
}

// TCP and UDP have their ports in the same place.
template <typename Family>
inline void translate_ports(std::uint8_t* l4, const Flow<Family>& flow, Direction direction) {
  const auto other = flow.half(opposite(direction));
  auto* const ports = reinterpret_cast<net::Be16*>(l4);
  ports[0] = other.destination_port;
  ports[1] = other.source_port;
  translate_checksum(l4, flow, direction);
}

template <typename Header, typename Family>
inline void translate(Header& ip, std::uint8_t* l4, const Flow<Family>& flow, Direction direction) {
  translate_addresses(ip, flow, direction);
  translate_ports(l4, flow, direction);
}
template <typename Header, typename Family>
inline void translate_to_node(Header& ip, std::uint8_t* l4, const Flow<Family>& flow) {
  translate(ip, l4, flow, Direction::kToNode);
}
template <typename Header, typename Family>
inline void translate_to_client(Header& ip, std::uint8_t* l4, const Flow<Family>& flow) {
  translate(ip, l4, flow, Direction::kToClient);
}

// Whether packets of a flow of SCTP get other ports, and with them another checksum.
template <typename Family>
bool changes_ports(const Flow<Family>& flow) {
  return flow.client_port != flow.snat_port || flow.vip_port != flow.node_port;
}

// `length` is that of the whole packet behind its IP headers. The IP addresses are not part of the checksum.
template <typename Family>
void translate_sctp_ports(std::uint8_t* l4, std::size_t length, const Flow<Family>& flow, Direction direction) {
  const auto other = flow.half(opposite(direction));
  auto& header = *reinterpret_cast<net::SctpHeader*>(l4);
  const net::Ports before{header.source_port, header.destination_port};
  header.source_port = other.destination_port;
  header.destination_port = other.source_port;
  net::change_sctp_checksum(header, before, {header.source_port, header.destination_port}, length);
}
template <typename Header, typename Family>
void translate_sctp(Header& ip, std::span<std::uint8_t> l4, const Flow<Family>& flow, Direction direction) {
  translate_addresses(ip, flow, direction);
  translate_sctp_ports(l4.data(), l4.size(), flow, direction);
}

// The packet that an ICMP error of this direction quotes. We sent it the other way; it becomes what had come in.
// `l4` begins with the ports and ends wherever the quotation does: a checksum that is not there cannot be changed.
template <typename Header, typename Family>
void translate_quoted(Header& ip, std::span<std::uint8_t> l4, const Flow<Family>& flow, Direction direction);

// The IP header around it, whoever sent it: the error goes on like a packet of the flow.
template <typename Header, typename Family>
void translate_error(Header& ip, const Flow<Family>& flow, Direction direction);

// The caller has seen that ttl > 1. The header's sum falls by 0x0100, so its checksum rises by that (RFC 1141).
inline void decrement_ttl(net::Ipv4Header& ip) {
  --ip.ttl;
  const std::uint32_t sum = std::uint32_t{ip.checksum.raw()} + net::Be16{0x0100}.raw();
  ip.checksum = net::Be16::from_raw(static_cast<std::uint16_t>(sum + (sum >= 0xffff ? 1 : 0)));
}
inline void decrement_ttl(net::Ipv6Header& ip) { --ip.hop_limit; }
inline std::uint8_t ttl(const net::Ipv4Header& ip) { return ip.ttl; }
inline std::uint8_t ttl(const net::Ipv6Header& ip) { return ip.hop_limit; }

}  // namespace sluice::nat
