#include "dataplane/answer.h"

#include <utility>

#include "dataplane/icmp.h"
#include "net/checksum.h"

namespace sluice::dataplane {
namespace {

Verdict answer_arp(const Snapshot& snapshot, Packet& packet) {
  auto& arp = packet.header<net::ArpPacket>(packet.l3);
  const bool is_request = arp.operation == net::kArpRequest && arp.hardware_type == net::Be16{1} &&
                          arp.protocol_type == net::kEtherTypeIpv4 && arp.hardware_length == 6 &&
                          arp.protocol_length == 4;
  if (!is_request || !answers_for<net::Ipv4>(snapshot, packet, arp.target)) return Verdict::kToKernel;
  // A host that announces one of our addresses as its own asks nothing, and an answer would not help it.
  if (arp.sender == arp.target) return Verdict::kToKernel;
  const auto& mac = snapshot.ports[packet.port].mac;
  packet.ethernet().destination = packet.ethernet().source;
  packet.ethernet().source = mac;
  arp.operation = net::kArpReply;
  arp.target_mac = std::exchange(arp.sender_mac, mac);
  std::swap(arp.sender, arp.target);
  return Verdict::kReply;
}

Verdict answer_echo(Packet& packet) {
  auto& ip = packet.ipv4();
  if (packet.l4 + sizeof(net::IcmpHeader) > packet.l3 + std::size_t{ip.total_length.host()}) {
    return Verdict::kDropTruncated;
  }
  auto& icmp = packet.header<net::IcmpHeader>(packet.l4);
  if (Icmp<net::Ipv4>::is_error(icmp.type)) return Verdict::kDropIcmpNoFlow;  // `parse` could not follow it.
  if (icmp.type != net::kIcmpEchoRequest) return Verdict::kDropProtocol;
  const net::Be16 before{static_cast<std::uint16_t>(icmp.type << 8 | icmp.code)};
  icmp.type = net::kIcmpEchoReply;
  const net::Be16 after{static_cast<std::uint16_t>(icmp.type << 8 | icmp.code)};
  icmp.checksum = net::ChecksumDelta{}.change(before, after).apply(icmp.checksum);
  // All zeros sum up to zero, which the delta cannot tell from its other form (RFC 1624); 0xffff is right for both.
  if (icmp.checksum.raw() == 0) icmp.checksum = net::Be16{0xffff};
  std::swap(ip.source, ip.destination);  // The sum over the header stays the same, but for the TTL.
  const net::Be16 ttl_before{static_cast<std::uint16_t>(ip.ttl << 8)};
  ip.ttl = 64;
  ip.checksum = net::ChecksumDelta{}.change(ttl_before, net::Be16{64 << 8}).apply(ip.checksum);
  std::swap(packet.ethernet().source, packet.ethernet().destination);
  return Verdict::kReply;
}

}  // namespace

Verdict answer_arp_or_ipv4(const Snapshot& snapshot, Packet& packet) {
  if (packet.family == PacketFamily::kNone) return answer_arp(snapshot, packet);
  const bool is_icmp = packet.key4.protocol == net::IpProtocol::kIcmp;
  if (is_icmp && snapshot.v4.services.has_vip(packet.key4.destination)) return answer_echo(packet);
  return Verdict::kContinue;
}

}  // namespace sluice::dataplane
