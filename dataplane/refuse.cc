#include "dataplane/refuse.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "dataplane/icmp.h"
#include "dataplane/sctp.h"
#include "net/checksum.h"
#include "net/crc32c.h"

namespace sluice::dataplane {
namespace {

using net::IpProtocol;

constexpr std::uint64_t kSecond = std::chrono::nanoseconds{std::chrono::seconds{1}}.count();
constexpr std::uint8_t kTtl = 64;
constexpr std::size_t kQuotedOfTransport = 8;  // At least, behind the quoted IP headers: the ports are there.

// Neither nobody nor many nor oneself (RFC 1122 3.2.2, RFC 4443 2.4 (e)).
bool is_one_host(net::Ipv4Address address) {
  const std::uint32_t first = address.value.host() >> 24;
  return first != 0 && first != 127 && first < 224;
}
bool is_one_host(const net::Ipv6Address& address) {
  constexpr net::Ipv6Address kLoopback{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  return address != net::Ipv6Address{} && address != kLoopback && address.bytes[0] != 0xff;
}

// The IP header of the answer to a packet with this key.
net::Ipv4Header answer_header(const net::FlowKey4& key, IpProtocol protocol, std::size_t l4_length) {
  net::Ipv4Header ip{.version_and_length = 0x45,
                     .dscp_and_ecn = 0,
                     .total_length = net::Be16{static_cast<std::uint16_t>(sizeof(net::Ipv4Header) + l4_length)},
                     .identification = {},
                     .flags_and_fragment = net::Be16{net::kIpv4DontFragment},
                     .ttl = kTtl,
                     .protocol = protocol,
                     .checksum = {},
                     .source = key.destination,
                     .destination = key.source};
  ip.checksum = net::checksum({reinterpret_cast<const std::uint8_t*>(&ip), sizeof ip});
  return ip;
}
net::Ipv6Header answer_header(const net::FlowKey6& key, IpProtocol protocol, std::size_t l4_length) {
  return {.version_class_and_flow = net::Be32{0x60000000},
          .payload_length = net::Be16{static_cast<std::uint16_t>(l4_length)},
          .next_header = protocol,
          .hop_limit = kTtl,
          .source = key.destination,
          .destination = key.source};
}

template <typename Family>
std::uint64_t answer_sum(const net::FlowKey<Family>& key, IpProtocol protocol, std::size_t l4_length) {
  return net::pseudo_header_sum(key.destination, key.source, static_cast<std::uint8_t>(protocol),
                                static_cast<std::uint16_t>(l4_length));
}

// What the segment takes of the sequence numbers.
std::uint32_t sequence_length(const net::TcpHeader& tcp, std::size_t length_with_header) {
  const std::size_t data = length_with_header - (std::size_t{tcp.data_offset} >> 4 << 2);
  return static_cast<std::uint32_t>(data) + ((tcp.flags & net::kTcpSyn) != 0 ? 1 : 0) +
         ((tcp.flags & net::kTcpFin) != 0 ? 1 : 0);
}

template <typename Family>
void make_reset(Packet& packet) {
  const auto& key = packet.key<Family>();
  auto& ip = packet.ip<Family>();
  const net::TcpHeader asked = packet.tcp();
  const std::uint32_t next = asked.sequence.host() + sequence_length(asked, end_of(packet, ip) - packet.l4);
  const bool has_ack = (asked.flags & net::kTcpAck) != 0;
  const auto flags = static_cast<std::uint8_t>(has_ack ? net::kTcpRst : net::kTcpRst | net::kTcpAck);

  ip = answer_header(key, IpProtocol::kTcp, sizeof(net::TcpHeader));
  packet.l4 = static_cast<std::uint16_t>(packet.l3 + sizeof ip);
  packet.length = static_cast<std::uint16_t>(packet.l4 + sizeof(net::TcpHeader));
  auto& tcp = packet.tcp();
  tcp = {.source_port = key.destination_port,
         .destination_port = key.source_port,
         .sequence = has_ack ? asked.acknowledgment : net::Be32{},
         .acknowledgment = has_ack ? net::Be32{} : net::Be32{next},
         .data_offset = sizeof(net::TcpHeader) / 4 << 4,
         .flags = flags,
         .window = {},
         .checksum = {},
         .urgent = {}};
  tcp.checksum = net::checksum({packet.data + packet.l4, sizeof tcp},
                               answer_sum<Family>(key, IpProtocol::kTcp, sizeof(net::TcpHeader)));
}

// The drop that it is, and the packet as it was, where nothing may be answered.
template <typename Family>
Verdict make_sctp_answer(Packet& packet) {
  const auto& key = packet.key<Family>();
  auto& ip = packet.ip<Family>();
  // Of a fragment, nobody can say whether its checksum is right.
  if (packet.content != Content::kSctp) return packet.verdict;
  const auto answer = answer_out_of_the_blue({packet.data + packet.l4, packet.data + end_of(packet, ip)});
  if (!answer) return packet.verdict;

  constexpr std::size_t kLength = sizeof(net::SctpHeader) + sizeof(net::SctpChunk);
  ip = answer_header(key, IpProtocol::kSctp, kLength);
  packet.l4 = static_cast<std::uint16_t>(packet.l3 + sizeof ip);
  packet.length = static_cast<std::uint16_t>(packet.l4 + kLength);
  packet.sctp() = {
      .source_port = key.destination_port, .destination_port = key.source_port, .tag = answer->tag, .checksum = {}};
  packet.chunk() = {.type = answer->chunk, .flags = answer->flags, .length = net::Be16{sizeof(net::SctpChunk)}};
  packet.sctp().checksum = net::sctp_checksum({packet.data + packet.l4, kLength});
  return answer->chunk == net::kSctpAbort ? Verdict::kReplyAbort : Verdict::kReplyShutdownComplete;
}

// Quotes as much of the packet as the message may hold and the buffer has room for.
template <typename Family>
void make_icmp(IcmpMeaning meaning, net::Be32 rest, Packet& packet) {
  constexpr auto kProtocol = Icmp<Family>::kProtocol;
  constexpr std::size_t kHeaders = sizeof(typename Icmp<Family>::IpHeader) + sizeof(net::IcmpHeader);
  const auto& key = packet.key<Family>();
  const std::size_t quoted = std::min({end_of(packet, packet.ip<Family>()) - packet.l3,
                                       Icmp<Family>::kPacketMax - kHeaders, packet.room - packet.l3 - kHeaders});
  std::uint8_t* const start = packet.data + packet.l3;
  std::memmove(start + kHeaders, start, quoted);

  const std::size_t l4_length = sizeof(net::IcmpHeader) + quoted;
  packet.ip<Family>() = answer_header(key, kProtocol, l4_length);
  packet.l4 = static_cast<std::uint16_t>(packet.l3 + kHeaders - sizeof(net::IcmpHeader));
  packet.length = static_cast<std::uint16_t>(packet.l4 + l4_length);
  auto& icmp = packet.header<net::IcmpHeader>(packet.l4);
  icmp = {.type = meaning.type, .code = meaning.code, .checksum = {}, .rest = rest};
  const bool has_pseudo_header = kProtocol == IpProtocol::kIcmpv6;
  icmp.checksum = net::checksum({packet.data + packet.l4, l4_length},
                                has_pseudo_header ? answer_sum<Family>(key, kProtocol, l4_length) : 0);
}

bool may_be_fragmented(const net::Ipv4Header& ip) { return ip.may_be_fragmented(); }
bool may_be_fragmented(const net::Ipv6Header&) { return false; }  // By nobody but its sender.

Verdict refusal_of(Verdict drop, IpProtocol protocol, std::uint8_t tcp_flags) {
  switch (drop) {
    case Verdict::kDropTooBig: return Verdict::kReplyTooBig;
    case Verdict::kDropTtl: return Verdict::kReplyTimeExceeded;
    case Verdict::kDropNoService:
    case Verdict::kDropNoBackend:
    case Verdict::kDropNoFlow:
      if (protocol == IpProtocol::kUdp) return Verdict::kReplyUnreachable;
      break;
    case Verdict::kDropBackendGone:
    case Verdict::kDropStray:  // A late answer to a client that is gone: UDP has nobody to tell.
      if (protocol == IpProtocol::kUdp) return drop;
      break;
    default: return drop;
  }
  if (protocol == IpProtocol::kSctp) return Verdict::kReplyAbort;
  return (tcp_flags & net::kTcpRst) != 0 ? drop : Verdict::kReplyReset;
}

// An ICMP message wants more than the packet has, if that is short; a reset and an ABORT never do.
template <typename Family>
bool has_room(const Packet& packet, Verdict refusal) {
  constexpr std::size_t kHeaders = sizeof(typename Icmp<Family>::IpHeader) + sizeof(net::IcmpHeader);
  return refusal == Verdict::kReplyReset || refusal == Verdict::kReplyAbort ||
         packet.room >= packet.l4 + kQuotedOfTransport + kHeaders;
}

template <typename Family>
Verdict refuse(RefusalLimit& limit, nat::Tick now, Packet& packet) {
  const auto& key = packet.key<Family>();
  if (packet.verdict == Verdict::kDropTooBig && may_be_fragmented(packet.ip<Family>())) return packet.verdict;
  const bool is_tcp = key.protocol == IpProtocol::kTcp;
  Verdict refusal = refusal_of(packet.verdict, key, is_tcp ? packet.tcp().flags : std::uint8_t{0});
  const bool is_possible = refusal != packet.verdict && has_room<Family>(packet, refusal) && limit.take(now);
  if (!is_possible) return packet.verdict;
  switch (refusal) {
    case Verdict::kReplyReset: make_reset<Family>(packet); break;
    case Verdict::kReplyAbort:  // Within the limit already: a checksum is as long as its packet.
      refusal = make_sctp_answer<Family>(packet);
      if (refusal == packet.verdict) return refusal;
      break;
    case Verdict::kReplyTooBig: make_icmp<Family>(Icmp<Family>::kTooBig, net::Be32{packet.mtu}, packet); break;
    case Verdict::kReplyTimeExceeded: make_icmp<Family>(Icmp<Family>::kTimeExceeded, {}, packet); break;
    default: make_icmp<Family>(Icmp<Family>::kPortUnreachable, {}, packet); break;
  }
  std::swap(packet.ethernet().source, packet.ethernet().destination);
  return refusal;
}

}  // namespace

RefusalLimit::RefusalLimit(unsigned a_second) : a_second_{a_second}, credit_{a_second * kSecond} {}

bool RefusalLimit::take(nat::Tick now) {
  const auto passed = static_cast<std::uint64_t>(nat::to_duration(nat::elapsed(now, last_)).count());
  last_ = now;
  credit_ = std::min(credit_ + std::min(passed, kSecond) * a_second_, a_second_ * kSecond);
  if (credit_ < kSecond) return false;
  credit_ -= kSecond;
  return true;
}

template <typename Family>
Verdict refusal_of(Verdict drop, const net::FlowKey<Family>& key, std::uint8_t tcp_flags) {
  const Verdict refusal = refusal_of(drop, key.protocol, tcp_flags);
  return refusal != drop && is_one_host(key.source) ? refusal : drop;
}
template Verdict refusal_of(Verdict drop, const net::FlowKey4& key, std::uint8_t tcp_flags);
template Verdict refusal_of(Verdict drop, const net::FlowKey6& key, std::uint8_t tcp_flags);

Verdict refuse(RefusalLimit& limit, nat::Tick now, Packet& packet) {
  if (!packet.has_ports()) return packet.verdict;  // Least of all is an ICMP error answered.
  switch (packet.family) {
    case PacketFamily::kIpv4: return refuse<net::Ipv4>(limit, now, packet);
    case PacketFamily::kIpv6: return refuse<net::Ipv6>(limit, now, packet);
    case PacketFamily::kNone: break;
  }
  return packet.verdict;
}

}  // namespace sluice::dataplane
