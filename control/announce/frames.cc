#include "control/announce/frames.h"

#include <net/if_arp.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "net/checksum.h"

namespace sluice::control::announce {
namespace {

constexpr std::size_t kFrameBytesMin = 60;  // Without Ethernet's checksum.
constexpr net::Ipv6Address kAllNodes{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01}};
constexpr net::MacAddress kAllNodesMac{{0x33, 0x33, 0, 0, 0, 0x01}};  // RFC 2464 section 7.

template <typename... Parts>
Frame frame_of(const Parts&... parts) {
  Frame frame((sizeof(Parts) + ...));
  std::size_t at = 0;
  ((std::memcpy(frame.data() + at, &parts, sizeof parts), at += sizeof parts), ...);
  frame.resize(std::max(frame.size(), kFrameBytesMin));
  return frame;
}

}  // namespace

Frame arp_announcement(net::Ipv4Address vip, net::MacAddress mac, net::Be16 operation) {
  const net::EthernetHeader ethernet{.destination = net::kBroadcastMac, .source = mac, .type = net::kEtherTypeArp};
  // A request asks for the unknown (zero) MAC; a reply names the one to be learned (RFC 5944 section 4.6).
  const net::ArpPacket arp{.hardware_type = net::Be16{ARPHRD_ETHER},
                           .protocol_type = net::kEtherTypeIpv4,
                           .hardware_length = sizeof(net::MacAddress),
                           .protocol_length = sizeof(net::Ipv4Address),
                           .operation = operation,
                           .sender_mac = mac,
                           .sender = vip,
                           .target_mac = operation == net::kArpReply ? mac : net::MacAddress{},
                           .target = vip};
  return frame_of(ethernet, arp);
}

Frame neighbour_advertisement(const net::Ipv6Address& vip, net::MacAddress mac) {
  const net::EthernetHeader ethernet{.destination = kAllNodesMac, .source = mac, .type = net::kEtherTypeIpv6};
  net::NeighbourMessage message{.icmp = {.type = net::kNeighbourAdvertisement,
                                         .code = 0,
                                         .checksum = net::Be16{0},
                                         .rest = net::Be32{net::kNeighbourOverride}},
                                .target = vip,
                                .option_type = net::kTargetLinkAddress,
                                .option_length = 1,
                                .mac = mac};
  const net::Ipv6Header ip{.version_class_and_flow = net::Be32{6U << 28},
                           .payload_length = net::Be16{sizeof message},
                           .next_header = net::IpProtocol::kIcmpv6,
                           .hop_limit = 255,  // Receivers drop any other: it was not sent on their link.
                           .source = vip,
                           .destination = kAllNodes};
  const auto pseudo = net::pseudo_header_sum(ip.source, ip.destination, static_cast<std::uint8_t>(ip.next_header),
                                             std::uint32_t{sizeof message});
  message.icmp.checksum = net::checksum({reinterpret_cast<const std::uint8_t*>(&message), sizeof message}, pseudo);
  return frame_of(ethernet, ip, message);
}

std::vector<Frame> announcement(const net::IpAddress& vip, net::MacAddress mac) {
  if (vip.is_v6()) return {neighbour_advertisement(vip.v6(), mac)};
  return {arp_announcement(vip.v4(), mac, net::kArpRequest), arp_announcement(vip.v4(), mac, net::kArpReply)};
}

}  // namespace sluice::control::announce
