#include "dataplane/parse.h"

namespace sluice::dataplane {
namespace {

// Both TCP and UDP begin with the two ports.
struct Ports {
  net::Be16 source;
  net::Be16 destination;
};

Verdict parse_transport(Packet& packet, std::size_t offset, std::size_t end) {
  const auto protocol = packet.key.protocol;
  if (protocol == net::IpProtocol::kTcp) {
    if (offset + sizeof(net::TcpHeader) > end) return Verdict::kDropTruncated;
    const std::size_t tcp_length = std::size_t{packet.header<net::TcpHeader>(offset).data_offset} >> 4 << 2;
    if (tcp_length < sizeof(net::TcpHeader)) return Verdict::kDropBadHeader;
    if (offset + tcp_length > end) return Verdict::kDropTruncated;
  } else {
    if (offset + sizeof(net::UdpHeader) > end) return Verdict::kDropTruncated;
  }
  packet.l4 = static_cast<std::uint16_t>(offset);
  const auto& ports = packet.header<Ports>(offset);
  packet.key.source_port = ports.source;
  packet.key.destination_port = ports.destination;
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
  packet.key.source = ip.source;
  packet.key.destination = ip.destination;
  packet.key.protocol = ip.protocol;
  const bool has_ports = ip.protocol == net::IpProtocol::kTcp || ip.protocol == net::IpProtocol::kUdp;
  if (!has_ports || ip.is_fragment()) return Verdict::kContinue;
  return parse_transport(packet, packet.l3 + header_length, packet.l3 + total_length);
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
  if (type != net::kEtherTypeArp) return Verdict::kToKernel;
  if (packet.l3 + sizeof(net::ArpPacket) > packet.length) return Verdict::kDropTruncated;
  return Verdict::kContinue;
}

}  // namespace sluice::dataplane
