#include "tests/cases/wire.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "net/checksum.h"

namespace sluice::cases {
namespace {

template <typename Header>
void append(Bytes& bytes, const Header& header) {
  const std::size_t at = bytes.size();
  bytes.resize(at + sizeof header);
  std::memcpy(bytes.data() + at, &header, sizeof header);
}

void append_text(Bytes& bytes, const std::string& text) { bytes.insert(bytes.end(), text.begin(), text.end()); }

void set(Bytes& bytes, std::size_t offset, net::Be16 value) { std::memcpy(bytes.data() + offset, &value, 2); }

std::uint64_t pseudo_sum(const Frame& frame, net::IpProtocol protocol, std::size_t l4_length) {
  const auto number = static_cast<std::uint8_t>(protocol);
  const auto length = static_cast<std::uint16_t>(l4_length);
  return frame.source.is_v4() ? net::pseudo_header_sum(frame.source.v4(), frame.destination.v4(), number, length)
                              : net::pseudo_header_sum(frame.source.v6(), frame.destination.v6(), number, length);
}

Bytes sctp(const Frame& frame) {
  Bytes l4;
  append(l4, net::SctpHeader{.source_port = net::Be16{frame.source_port},
                             .destination_port = net::Be16{frame.destination_port},
                             .tag = net::Be32{frame.tag},
                             .checksum = {}});
  append(l4, net::SctpChunk{.type = frame.chunk,
                            .flags = frame.chunk_flags,
                            .length = net::Be16{static_cast<std::uint16_t>(4 + frame.payload.size())}});
  append_text(l4, frame.payload);
  l4.resize((l4.size() + 3) / 4 * 4);
  append_text(l4, frame.more_chunks);
  const std::uint32_t crc = plain_crc32c(l4) ^ frame.crc_wrong_by;
  for (std::size_t i = 0; i < 4; ++i) l4[8 + i] = static_cast<std::uint8_t>(crc >> 8 * i);
  return l4;
}

Bytes transport(const Frame& frame) {
  if (frame.protocol == net::IpProtocol::kSctp) return sctp(frame);
  Bytes l4;
  std::size_t checksum_at = 0;
  if (frame.protocol == net::IpProtocol::kTcp) {
    append(l4, net::TcpHeader{.source_port = net::Be16{frame.source_port},
                              .destination_port = net::Be16{frame.destination_port},
                              .sequence = net::Be32{frame.sequence},
                              .acknowledgment = net::Be32{frame.acknowledgment.value_or(
                                  (frame.tcp_flags & net::kTcpAck) != 0 ? 2000U : 0U)},
                              .data_offset = 5 << 4,
                              .flags = frame.tcp_flags,
                              .window = net::Be16{frame.window},
                              .checksum = {},
                              .urgent = {}});
    checksum_at = 16;
  } else if (frame.protocol == net::IpProtocol::kUdp) {
    const auto length = static_cast<std::uint16_t>(8 + frame.payload.size());
    append(l4, net::UdpHeader{.source_port = net::Be16{frame.source_port},
                              .destination_port = net::Be16{frame.destination_port},
                              .length = net::Be16{length},
                              .checksum = {}});
    checksum_at = 6;
  }
  append_text(l4, frame.payload);
  if (checksum_at == 0 || frame.udp_without_checksum) return l4;
  const auto sum = pseudo_sum(frame, frame.protocol, l4.size());
  net::Be16 checksum = net::checksum(l4, sum);
  if (frame.protocol == net::IpProtocol::kUdp && checksum.raw() == 0) checksum = net::Be16{0xffff};
  set(l4, checksum_at, checksum);
  return l4;
}

Frame as_fragment(Frame frame, const Part& part) {
  const auto place = static_cast<std::uint16_t>(part.begin);
  if (frame.source.is_v4()) {
    frame.fragment = static_cast<std::uint16_t>(place / 8 | (part.more_follow ? net::kIpv4MoreFragments : 0));
    return frame;
  }
  if (frame.ip_options.empty()) frame.first_extension = net::IpProtocol::kFragment;
  append(frame.ip_options,
         net::Ipv6Fragment{.next_header = frame.protocol,
                           .reserved = 0,
                           .offset_and_more = net::Be16{static_cast<std::uint16_t>(place | (part.more_follow ? 1 : 0))},
                           .identification = net::Be32{frame.identification}});
  return frame;
}

// Zeros behind the packet's end.
Bytes cut_out(Bytes l4, const Part& part) {
  l4.resize(std::max(l4.size(), part.begin + part.length));
  const auto begin = l4.begin() + static_cast<std::ptrdiff_t>(part.begin);
  return {begin, begin + static_cast<std::ptrdiff_t>(part.length)};
}

Bytes with_ipv6_header(const Frame& frame, const Bytes& l4) {
  Bytes bytes;
  append(bytes, net::EthernetHeader{frame.to, frame.from, net::kEtherTypeIpv6});
  append(bytes,
         net::Ipv6Header{.version_class_and_flow = net::Be32{0x60000000},
                         .payload_length = net::Be16{static_cast<std::uint16_t>(frame.ip_options.size() + l4.size())},
                         .next_header = frame.ip_options.empty() ? frame.protocol : frame.first_extension,
                         .hop_limit = frame.ttl,
                         .source = frame.source.v6(),
                         .destination = frame.destination.v6()});
  bytes.insert(bytes.end(), frame.ip_options.begin(), frame.ip_options.end());
  bytes.insert(bytes.end(), l4.begin(), l4.end());
  return bytes;
}

Bytes with_headers(const Frame& frame, const Bytes& l4) {
  if (frame.source.is_v6()) return with_ipv6_header(frame, l4);
  const std::size_t header_length = sizeof(net::Ipv4Header) + frame.ip_options.size();
  Bytes header;
  append(header, net::Ipv4Header{.version_and_length = static_cast<std::uint8_t>(0x40 | header_length / 4),
                                 .dscp_and_ecn = 0,
                                 .total_length = net::Be16{static_cast<std::uint16_t>(header_length + l4.size())},
                                 .identification = net::Be16{frame.identification},
                                 .flags_and_fragment = net::Be16{frame.fragment},
                                 .ttl = frame.ttl,
                                 .protocol = frame.protocol,
                                 .checksum = {},
                                 .source = frame.source.v4(),
                                 .destination = frame.destination.v4()});
  header.insert(header.end(), frame.ip_options.begin(), frame.ip_options.end());
  set(header, 10, net::checksum(header));
  Bytes bytes;
  append(bytes, net::EthernetHeader{frame.to, frame.from, net::kEtherTypeIpv4});
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), l4.begin(), l4.end());
  return bytes;
}

}  // namespace

std::uint32_t plain_crc32c(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
  }
  return ~crc;
}

net::Ipv4Address ip(const char* text) {
  const auto parsed = net::Ipv4Address::parse(text);
  assert(parsed);
  return *parsed;
}

net::Ipv6Address ip6(const char* text) {
  const auto parsed = net::Ipv6Address::parse(text);
  assert(parsed);
  return *parsed;
}

net::MacAddress mac(const char* text) {
  const auto parsed = net::MacAddress::parse(text);
  assert(parsed);
  return *parsed;
}

Bytes arp_bytes(net::Be16 operation, net::MacAddress to, const net::ArpPacket& arp) {
  net::ArpPacket packet = arp;
  packet.hardware_type = net::Be16{1};
  packet.protocol_type = net::kEtherTypeIpv4;
  packet.hardware_length = 6;
  packet.protocol_length = 4;
  packet.operation = operation;
  Bytes bytes;
  append(bytes, net::EthernetHeader{to, arp.sender_mac, net::kEtherTypeArp});
  append(bytes, packet);
  return bytes;
}

namespace {

Bytes icmp_bytes(const Frame& frame, const net::IcmpHeader& header) {
  Bytes l4;
  append(l4, header);
  append_text(l4, frame.payload);
  Frame icmp = frame;
  icmp.protocol = frame.source.is_v4() ? net::IpProtocol::kIcmp : net::IpProtocol::kIcmpv6;
  set(l4, 2, net::checksum(l4, frame.source.is_v4() ? 0 : pseudo_sum(frame, icmp.protocol, l4.size())));
  return with_headers(icmp, l4);
}

}  // namespace

Bytes bytes_of(const Frame& frame) {
  if (frame.part) return with_headers(as_fragment(frame, *frame.part), cut_out(transport(frame), *frame.part));
  if (frame.quoted.empty()) return with_headers(frame, transport(frame));
  const Bytes packet = bytes_of(frame.quoted.front());
  const auto begin = packet.begin() + sizeof(net::EthernetHeader);
  Frame error = frame;
  error.payload.assign(begin, begin + static_cast<std::ptrdiff_t>(
                                          std::min(frame.quoted_max, packet.size() - sizeof(net::EthernetHeader))));
  const auto& [type, code, rest] = frame.icmp;
  return icmp_bytes(error, {.type = type, .code = code, .checksum = {}, .rest = net::Be32{rest}});
}

Bytes echo_bytes(const Frame& frame, std::uint8_t type, std::uint8_t code) {
  return icmp_bytes(frame, {.type = type, .code = code, .checksum = {}, .rest = net::Be32{0x00070001}});
}

Bytes error_bytes(const Frame& frame, std::uint8_t type, std::uint8_t code, const Bytes& quoted) {
  Frame error = frame;
  error.payload.assign(quoted.begin(), quoted.end());
  return icmp_bytes(error, {.type = type, .code = code, .checksum = {}, .rest = {}});
}

Bytes neighbour_bytes(const Frame& frame, std::uint8_t type, std::uint32_t flags, const net::Ipv6Address& target,
                      net::MacAddress mac) {
  const bool is_solicitation = type == net::kNeighbourSolicitation;
  Bytes l4;
  append(l4, net::NeighbourMessage{.icmp = {.type = type, .code = 0, .checksum = {}, .rest = net::Be32{flags}},
                                   .target = target,
                                   .option_type = is_solicitation ? net::kSourceLinkAddress : net::kTargetLinkAddress,
                                   .option_length = 1,
                                   .mac = mac});
  if (mac == net::MacAddress{}) l4.resize(l4.size() - 8);
  set(l4, 2, net::checksum(l4, pseudo_sum(frame, net::IpProtocol::kIcmpv6, l4.size())));
  Frame icmp = frame;
  icmp.protocol = net::IpProtocol::kIcmpv6;
  return with_headers(icmp, l4);
}

namespace {

bool is_right_sctp(std::span<const std::uint8_t> l4) {
  Bytes without{l4.begin(), l4.end()};
  std::fill_n(without.begin() + 8, 4, std::uint8_t{0});
  const std::uint32_t crc = plain_crc32c(without);
  return l4[8] == (crc & 0xff) && l4[9] == (crc >> 8 & 0xff) && l4[10] == (crc >> 16 & 0xff) && l4[11] == crc >> 24;
}

bool is_right(net::IpProtocol protocol, std::span<const std::uint8_t> l4, std::uint64_t pseudo_sum) {
  if (protocol == net::IpProtocol::kSctp) return is_right_sctp(l4);
  const bool has_none = protocol == net::IpProtocol::kUdp && l4[6] == 0 && l4[7] == 0;
  return has_none || net::ones_sum(l4, pseudo_sum) == 0xffff;
}

}  // namespace

bool checksums_are_right(const Bytes& frame) {
  const std::span<const std::uint8_t> all{frame};
  if (frame[12] == 0x86) {
    net::Ipv6Header header;
    std::memcpy(&header, frame.data() + 14, sizeof header);
    const auto l4 = all.subspan(14 + sizeof header, header.payload_length.host());
    return is_right(
        header.next_header, l4,
        net::pseudo_header_sum(header.source, header.destination, static_cast<std::uint8_t>(header.next_header),
                               header.payload_length.host()));
  }
  net::Ipv4Header header;
  std::memcpy(&header, frame.data() + 14, sizeof header);
  if (net::ones_sum(all.subspan(14, header.header_length())) != 0xffff) return false;
  const std::size_t l4_length = header.total_length.host() - header.header_length();
  return is_right(header.protocol, all.subspan(14 + header.header_length(), l4_length),
                  net::pseudo_header_sum(header.source, header.destination, static_cast<std::uint8_t>(header.protocol),
                                         static_cast<std::uint16_t>(l4_length)));
}

}  // namespace sluice::cases
