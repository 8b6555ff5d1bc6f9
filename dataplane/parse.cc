#include "dataplane/parse.h"

namespace sluice::dataplane {
namespace {

constexpr unsigned kExtensionsMax = 8;  // More than one of each kind (RFC 8200 4.1) is nobody's honest packet.

// Both TCP and UDP begin with the two ports.
struct Ports {
  net::Be16 source;
  net::Be16 destination;
};

bool has_ports(net::IpProtocol protocol) {
  return protocol == net::IpProtocol::kTcp || protocol == net::IpProtocol::kUdp;
}

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
  packet.has_ports = true;
  const auto& ports = packet.header<Ports>(offset);
  key.source_port = ports.source;
  key.destination_port = ports.destination;
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
  if (ip.is_fragment()) return Verdict::kContinue;
  packet.l4 = static_cast<std::uint16_t>(packet.l3 + header_length);
  if (!has_ports(ip.protocol)) return Verdict::kContinue;
  return parse_transport(packet, packet.key4, packet.l4, packet.l3 + total_length);
}

// Walks over the extension headers (RFC 8200 4.1) from `l4` on, which ends at what is behind them, in
// `packet.key6.protocol`; in a fragment it becomes 0.
Verdict skip_extensions(Packet& packet, std::size_t end) {
  auto& protocol = packet.key6.protocol;
  for (unsigned count = 0; count < kExtensionsMax; ++count) {
    switch (protocol) {
      case net::IpProtocol::kHopByHop:
      case net::IpProtocol::kRouting:
      case net::IpProtocol::kDestinationOptions: {
        if (packet.l4 + sizeof(net::Ipv6Extension) > end) return Verdict::kDropTruncated;
        const auto& extension = packet.header<net::Ipv6Extension>(packet.l4);
        protocol = extension.next_header;
        packet.l4 = static_cast<std::uint16_t>(packet.l4 + extension.length());
        break;
      }
      case net::IpProtocol::kFragment: {
        if (packet.l4 + sizeof(net::Ipv6Fragment) > end) return Verdict::kDropTruncated;
        const auto& fragment = packet.header<net::Ipv6Fragment>(packet.l4);
        protocol = fragment.next_header;
        packet.l4 = static_cast<std::uint16_t>(packet.l4 + sizeof fragment);
        if (!fragment.is_fragment()) break;
        packet.l4 = 0;  // What follows need not be a header.
        return Verdict::kContinue;
      }
      default: return packet.l4 > end ? Verdict::kDropTruncated : Verdict::kContinue;
    }
  }
  return Verdict::kDropBadHeader;
}

Verdict parse_ipv6(Packet& packet) {
  if (packet.l3 + sizeof(net::Ipv6Header) > packet.length) return Verdict::kDropTruncated;
  const auto& ip = packet.ipv6();
  if (ip.version() != 6) return Verdict::kDropBadHeader;
  packet.l4 = static_cast<std::uint16_t>(packet.l3 + sizeof(net::Ipv6Header));
  const std::size_t end = std::size_t{packet.l4} + ip.payload_length.host();
  if (end > packet.length) return Verdict::kDropTruncated;
  packet.family = PacketFamily::kIpv6;
  packet.key6 = {.source = ip.source, .destination = ip.destination, .protocol = ip.next_header};
  if (const Verdict skipped = skip_extensions(packet, end); skipped != Verdict::kContinue) return skipped;
  // Multicast is the kernel's, but for neighbour solicitations, which may ask for us.
  if (packet.ethernet().destination.is_multicast() && packet.key6.protocol != net::IpProtocol::kIcmpv6) {
    return Verdict::kToKernel;
  }
  if (packet.is_fragment() || !has_ports(packet.key6.protocol)) return Verdict::kContinue;
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
