#include "dataplane/parse.h"

#include "dataplane/fragment.h"
#include "dataplane/icmp.h"
#include "dataplane/ipv6_extensions.h"
#include "dataplane/quoted.h"

namespace sluice::dataplane {
namespace {

template <typename Key>
Verdict parse_transport(Packet& packet, Key& key, std::size_t offset, std::size_t end) {
  if (key.protocol == net::IpProtocol::kTcp) {
    if (offset + sizeof(net::TcpHeader) > end) return Verdict::kDropTruncated;
    const std::size_t tcp_length = std::size_t{packet.header<net::TcpHeader>(offset).data_offset} >> 4 << 2;
    if (tcp_length < sizeof(net::TcpHeader)) return Verdict::kDropBadHeader;
    if (offset + tcp_length > end) return Verdict::kDropTruncated;
  } else {
    if (offset + sizeof(net::UdpHeader) > end) return Verdict::kDropTruncated;
  }
  packet.content = Content::kTransport;
  const auto& ports = packet.header<net::Ports>(offset);
  key.source_port = ports.source;
  key.destination_port = ports.destination;
  return Verdict::kContinue;
}

// The steps for TCP and UDP leave it alone: it waits for its own, in the same burst.
template <typename Key>
Verdict parse_sctp(Packet& packet, Key& key, std::size_t end) {
  if (packet.l4 + sizeof(net::SctpHeader) + sizeof(net::SctpChunk) > end) return Verdict::kDropTruncated;
  packet.content = Content::kSctp;
  key.source_port = packet.sctp().source_port;
  key.destination_port = packet.sctp().destination_port;
  return Verdict::kHeld;
}

// Neither TCP nor UDP, but it may be SCTP, or an ICMP error about one of them.
template <typename Family>
[[gnu::cold, gnu::noinline]] Verdict parse_other(Packet& packet) {
  auto& key = packet.key<Family>();
  packet.content = Content::kOther;
  if (key.protocol == net::IpProtocol::kSctp) return parse_sctp(packet, key, end_of(packet, packet.ip<Family>()));
  if (key.protocol != Icmp<Family>::kProtocol) return Verdict::kContinue;
  const auto quoted = quoted_in<Family>(packet);
  if (!quoted) return Verdict::kContinue;
  packet.content = Content::kError;
  key = net::reversed(quoted->key);
  return Verdict::kContinue;
}

// `packet.l4` is where its data begin.
template <typename Family>
[[gnu::cold, gnu::noinline]] Verdict parse_fragment(Packet& packet) {
  if (!packet.is_later()) {
    packet.content = Content::kFragment;
    return Verdict::kHeld;
  }
  auto& key = packet.key<Family>();
  key.source_port = packet.joined_ports.source;
  key.destination_port = packet.joined_ports.destination;
  if (place_of(packet).begin > 0) return Verdict::kHeld;
  if (key.protocol == net::IpProtocol::kSctp) {
    packet.content = Content::kSctpFirst;
    return Verdict::kHeld;
  }
  packet.content = Content::kTransport;
  return Verdict::kContinue;
}

Verdict parse_ipv4(Packet& packet) {
  if (packet.l3 + sizeof(net::Ipv4Header) > packet.length) return Verdict::kDropTruncated;
  const auto& ip = packet.ipv4();
  const std::size_t header_length = ip.header_length();
  const std::size_t total_length = ip.total_length.host();
  if (ip.version() != 4 || header_length < sizeof(net::Ipv4Header) || total_length < header_length) {
    return Verdict::kDropBadHeader;
  }
  if (packet.l3 + total_length > packet.length) return Verdict::kDropTruncated;
  packet.family = PacketFamily::kIpv4;
  packet.key4 = {.source = ip.source, .destination = ip.destination, .protocol = ip.protocol};
  packet.l4 = static_cast<std::uint16_t>(packet.l3 + header_length);
  if (ip.is_fragment()) [[unlikely]]
    return parse_fragment<net::Ipv4>(packet);
  if (!net::is_tcp_or_udp(ip.protocol)) [[unlikely]]
    return parse_other<net::Ipv4>(packet);
  return parse_transport(packet, packet.key4, packet.l4, packet.l3 + total_length);
}

// Not inlined: what it keeps in registers would be saved for IPv4, too.
[[gnu::noinline]] Verdict parse_ipv6(Packet& packet) {
  if (packet.l3 + sizeof(net::Ipv6Header) > packet.length) return Verdict::kDropTruncated;
  const auto& ip = packet.ipv6();
  if (ip.version() != 6) return Verdict::kDropBadHeader;
  const auto begin = static_cast<std::uint16_t>(packet.l3 + sizeof(net::Ipv6Header));
  const std::size_t end = std::size_t{begin} + ip.payload_length.host();
  if (end > packet.length) return Verdict::kDropTruncated;
  packet.family = PacketFamily::kIpv6;
  const Ipv6Upper upper = skip_extensions(packet, ip.next_header, begin, end);
  if (upper.verdict != Verdict::kContinue) return upper.verdict;
  packet.key6 = {.source = ip.source, .destination = ip.destination, .protocol = upper.protocol};
  packet.l4 = upper.offset;
  // Multicast is the kernel's, but for neighbour solicitations, which may ask for us.
  if (packet.ethernet().destination.is_multicast() && upper.protocol != net::IpProtocol::kIcmpv6) {
    return Verdict::kToKernel;
  }
  if (upper.fragment != Ipv6Upper::Fragment::kNone) [[unlikely]]
    return parse_fragment<net::Ipv6>(packet);
  if (!net::is_tcp_or_udp(upper.protocol)) return parse_other<net::Ipv6>(packet);
  return parse_transport(packet, packet.key6, packet.l4, end);
}

}  // namespace

Verdict parse(Packet& packet) {
  if (packet.length < sizeof(net::EthernetHeader)) return Verdict::kDropTruncated;
  packet.l3 = sizeof(net::EthernetHeader);
  const auto type = packet.ethernet().type;
  if (type == net::kEtherTypeIpv4) [[likely]] {
    // What is sent to all (DHCP, OSPF, mDNS …) is never a service's.
    if (packet.ethernet().destination.is_multicast()) return Verdict::kToKernel;
    return parse_ipv4(packet);
  }
  if (type == net::kEtherTypeIpv6) return parse_ipv6(packet);
  if (type != net::kEtherTypeArp) return Verdict::kToKernel;
  if (packet.l3 + sizeof(net::ArpPacket) > packet.length) return Verdict::kDropTruncated;
  return Verdict::kContinue;
}

}  // namespace sluice::dataplane
