#include <array>
#include <cstddef>
#include <utility>

#include "dataplane/answer.h"
#include "dataplane/icmp.h"
#include "net/checksum.h"

namespace sluice::dataplane {
namespace {

using net::NeighbourMessage;

constexpr std::uint8_t kHopLimit = 255;  // Of neighbour discovery: shows that no router was in between (RFC 4861 7.1).
constexpr std::size_t kSolicitationMin = offsetof(NeighbourMessage, option_type);
constexpr net::Ipv6Address kAllNodes{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
constexpr net::MacAddress kAllNodesMac{{0x33, 0x33, 0, 0, 0, 1}};

// An advertisement is as long as a solicitation with its option; one that asks for a duplicate has none.
Verdict advertise(net::MacAddress mac, Packet& packet) {
  constexpr std::size_t kL4 = sizeof(net::EthernetHeader) + sizeof(net::Ipv6Header);
  constexpr std::size_t kLength = kL4 + sizeof(NeighbourMessage);
  const bool asks_for_duplicate = packet.key6.source == net::Ipv6Address{};
  const net::Ipv6Address ours = packet.header<NeighbourMessage>(packet.l4).target;
  if (packet.room < kLength) return Verdict::kDropTooLong;

  packet.length = kLength;
  packet.ethernet().destination = asks_for_duplicate ? kAllNodesMac : packet.ethernet().source;
  packet.ethernet().source = mac;
  auto& ip = packet.ipv6();
  ip = {.version_class_and_flow = net::Be32{0x60000000},
        .payload_length = net::Be16{sizeof(NeighbourMessage)},
        .next_header = net::IpProtocol::kIcmpv6,
        .hop_limit = kHopLimit,
        .source = ours,
        .destination = asks_for_duplicate ? kAllNodes : packet.key6.source};
  const std::uint32_t solicited = asks_for_duplicate ? 0 : net::kNeighbourSolicited;
  auto& advertisement = packet.header<NeighbourMessage>(kL4);
  advertisement = {.icmp = {.type = net::kNeighbourAdvertisement,
                            .code = 0,
                            .checksum = {},
                            .rest = net::Be32{net::kNeighbourOverride | solicited}},
                   .target = ours,
                   .option_type = net::kTargetLinkAddress,
                   .option_length = 1,
                   .mac = mac};
  const auto sum = net::pseudo_header_sum(ip.source, ip.destination, static_cast<std::uint8_t>(ip.next_header),
                                          sizeof(NeighbourMessage));
  advertisement.icmp.checksum = net::checksum({packet.data + kL4, sizeof(NeighbourMessage)}, sum);
  return Verdict::kReply;
}

// RFC 4861 7.1.1 says which solicitations are to be believed; the kernel may judge the others, and those for it.
Verdict answer_solicitation(const Snapshot& snapshot, Packet& packet) {
  if (icmp_message<net::Ipv6>(packet).size() < kSolicitationMin) return Verdict::kDropTruncated;
  const auto& solicitation = packet.header<NeighbourMessage>(packet.l4);
  if (!answers_for<net::Ipv6>(snapshot, packet, solicitation.target)) return Verdict::kToKernel;
  const bool is_valid =
      packet.ipv6().hop_limit == kHopLimit && solicitation.icmp.code == 0 && has_right_icmp_checksum<net::Ipv6>(packet);
  if (!is_valid) return Verdict::kDropBadHeader;
  return advertise(snapshot.ports[packet.port].mac, packet);
}

Verdict answer_echo(Packet& packet) {
  auto& icmp = packet.header<net::IcmpHeader>(packet.l4);
  const net::Be16 before{static_cast<std::uint16_t>(icmp.type << 8 | icmp.code)};
  icmp.type = net::kIcmpv6EchoReply;
  const net::Be16 after{static_cast<std::uint16_t>(icmp.type << 8 | icmp.code)};
  icmp.checksum = net::ChecksumDelta{}.change(before, after).apply(icmp.checksum);
  auto& ip = packet.ipv6();
  std::swap(ip.source, ip.destination);
  ip.hop_limit = 64;
  std::swap(packet.ethernet().source, packet.ethernet().destination);
  return Verdict::kReply;
}

}  // namespace

Verdict answer_ipv6(const Snapshot& snapshot, Packet& packet) {
  const bool is_multicast = packet.ethernet().destination.is_multicast();
  const bool is_vip = snapshot.v6.services.has_vip(packet.key6.destination);
  if (packet.key6.protocol != net::IpProtocol::kIcmpv6) {
    return is_multicast ? Verdict::kToKernel : Verdict::kContinue;
  }
  if (icmp_message<net::Ipv6>(packet).size() < sizeof(net::IcmpHeader)) return Verdict::kDropTruncated;
  const std::uint8_t type = packet.header<net::IcmpHeader>(packet.l4).type;
  switch (type) {
    case net::kNeighbourSolicitation: return answer_solicitation(snapshot, packet);
    case net::kIcmpv6EchoRequest:
      if (is_vip) return answer_echo(packet);
      break;
    default: break;
  }
  if (is_multicast) return Verdict::kToKernel;
  if (!is_vip) return Verdict::kContinue;
  return Icmp<net::Ipv6>::is_error(type) ? Verdict::kDropIcmpNoFlow : Verdict::kDropProtocol;
}

}  // namespace sluice::dataplane
