#pragma once
// ICMP and ICMPv6 for steps that are written once for both: their words, and the bytes of a packet's message.

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/packet.h"
#include "net/checksum.h"

namespace sluice::dataplane {

struct IcmpMeaning {
  std::uint8_t type;
  std::uint8_t code;
};

template <typename Family>
struct Icmp;
template <>
struct Icmp<net::Ipv4> {
  using IpHeader = net::Ipv4Header;
  static constexpr auto kProtocol = net::IpProtocol::kIcmp;
  static constexpr std::size_t kPacketMax = 576;  // RFC 1812 4.3.2.3
  static constexpr IcmpMeaning kPortUnreachable{net::kIcmpUnreachable, net::kIcmpPortUnreachable};
  static constexpr IcmpMeaning kTimeExceeded{net::kIcmpTimeExceeded, 0};
  static constexpr IcmpMeaning kTooBig{net::kIcmpUnreachable, net::kIcmpFragmentationNeeded};

  // Speaks of a packet on its way. Not: source quench (RFC 6633), redirect, which is for the first hop alone.
  static constexpr bool is_error(std::uint8_t type) {
    return type == net::kIcmpUnreachable || type == net::kIcmpTimeExceeded || type == net::kIcmpParameterProblem;
  }
};
template <>
struct Icmp<net::Ipv6> {
  using IpHeader = net::Ipv6Header;
  static constexpr auto kProtocol = net::IpProtocol::kIcmpv6;
  static constexpr std::size_t kPacketMax = 1280;  // RFC 4443 2.4 (c)
  static constexpr IcmpMeaning kPortUnreachable{net::kIcmpv6Unreachable, net::kIcmpv6PortUnreachable};
  static constexpr IcmpMeaning kTimeExceeded{net::kIcmpv6TimeExceeded, 0};
  static constexpr IcmpMeaning kTooBig{net::kIcmpv6PacketTooBig, 0};

  static constexpr bool is_error(std::uint8_t type) {
    return type >= net::kIcmpv6Unreachable && type <= net::kIcmpv6ParameterProblem;
  }
};

// Where the IP packet ends, as an offset; what follows is padding of the link.
inline std::size_t end_of(const Packet& packet, const net::Ipv4Header& ip) {
  return packet.l3 + ip.total_length.host();
}
inline std::size_t end_of(const Packet& packet, const net::Ipv6Header& ip) {
  return packet.l3 + sizeof ip + ip.payload_length.host();
}

template <typename Family>
std::span<std::uint8_t> icmp_message(const Packet& packet) {
  return {packet.data + packet.l4, end_of(packet, packet.ip<Family>()) - packet.l4};
}

// The sum over the message with what is summed up beside it: a pseudo header of ICMPv6 (RFC 4443 2.3).
template <typename Family>
std::uint16_t icmp_sum(const Packet& packet) {
  const auto message = icmp_message<Family>(packet);
  if constexpr (Icmp<Family>::kProtocol == net::IpProtocol::kIcmp) {
    return net::ones_sum(message);
  } else {
    const auto& ip = packet.ip<Family>();
    constexpr auto kProtocol = static_cast<std::uint8_t>(Icmp<Family>::kProtocol);
    return net::ones_sum(message, net::pseudo_header_sum(ip.source, ip.destination, kProtocol,
                                                         static_cast<std::uint32_t>(message.size())));
  }
}

template <typename Family>
bool has_right_icmp_checksum(const Packet& packet) {
  return icmp_sum<Family>(packet) == 0xffff;
}

template <typename Family>
void make_icmp_checksum(Packet& packet) {
  auto& field = packet.header<net::IcmpHeader>(packet.l4).checksum;
  field = {};
  field = net::Be16::from_raw(static_cast<std::uint16_t>(~icmp_sum<Family>(packet)));
}

}  // namespace sluice::dataplane
