#include "dataplane/answer.h"

#include <algorithm>
#include <utility>

#include "net/checksum.h"

namespace sluice::dataplane {
namespace {

bool answers_for(const Snapshot& snapshot, const Packet& packet, net::Ipv4Address address) {
  const auto& others = snapshot.answered_addresses;
  if (std::binary_search(others.begin(), others.end(), address)) return true;
  return snapshot.ports[packet.port].announces_vips && snapshot.services.has_vip(address);
}

Verdict answer_arp(const Snapshot& snapshot, Packet& packet) {
  auto& arp = packet.header<net::ArpPacket>(packet.l3);
  const bool is_request = arp.operation == net::kArpRequest && arp.hardware_type == net::Be16{1} &&
                          arp.protocol_type == net::kEtherTypeIpv4 && arp.hardware_length == 6 &&
                          arp.protocol_length == 4;
  if (!is_request || !answers_for(snapshot, packet, arp.target)) return Verdict::kToKernel;
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
  const std::size_t l4 = packet.l3 + ip.header_length();
  if (l4 + sizeof(net::IcmpHeader) > packet.l3 + std::size_t{ip.total_length.host()}) return Verdict::kDropTruncated;
  auto& icmp = packet.header<net::IcmpHeader>(l4);
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

Verdict answer(const Snapshot& snapshot, Packet& packet) {
  if (packet.is_tcp_or_udp()) [[likely]]
    return Verdict::kContinue;
  if (packet.ethernet().type == net::kEtherTypeArp) return answer_arp(snapshot, packet);
  const bool is_whole_icmp = packet.key.protocol == net::IpProtocol::kIcmp && !packet.ipv4().is_fragment();
  if (is_whole_icmp && snapshot.services.has_vip(packet.key.destination)) return answer_echo(packet);
  return Verdict::kContinue;
}

}  // namespace sluice::dataplane
