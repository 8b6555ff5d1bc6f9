#include "control/recent_drops.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "conf/nearest.h"
#include "dataplane/parse.h"

namespace sluice::control {
namespace {

using dataplane::DroppedPacket;
using dataplane::Packet;
using dataplane::Verdict;
using net::IpProtocol;

constexpr std::string_view kTcpFlags = "FSRP.UEW";  // From the lowest bit on.

std::string flags_text(std::uint8_t flags) {
  std::string text;
  for (std::size_t i = 0; i < kTcpFlags.size(); ++i) {
    if ((flags >> i & 1) != 0) text += kTcpFlags[i];
  }
  return text.empty() ? "none" : text;
}

// RFC 9260 3.2.
std::string chunk_text(std::uint8_t type) {
  constexpr std::array<std::string_view, 15> kNames{
      "DATA",          "INIT",       "INIT ACK", "SACK",         "HEARTBEAT",
      "HEARTBEAT ACK", "ABORT",      "SHUTDOWN", "SHUTDOWN ACK", "ERROR",
      "COOKIE ECHO",   "COOKIE ACK", "ECNE",     "CWR",          "SHUTDOWN COMPLETE"};
  return type < kNames.size() ? std::string{kNames[type]} : std::to_string(type);
}

// What stands at `l4`, whatever the packet's key was made from.
IpProtocol protocol_of(const Packet& packet) {
  if (packet.family == dataplane::PacketFamily::kIpv4) return packet.ipv4().protocol;
  if (packet.is_fragment()) return packet.key6.protocol;
  IpProtocol protocol = packet.ipv6().next_header;
  for (std::size_t offset = packet.l3 + sizeof(net::Ipv6Header); offset < packet.l4;) {
    const auto& extension = packet.header<net::Ipv6Extension>(offset);
    protocol = extension.next_header;
    offset += extension.length();
  }
  return protocol;
}

void tell_network(const Packet& packet, PacketInWords& words) {
  if (packet.family == dataplane::PacketFamily::kIpv4) {
    words.source = packet.ipv4().source.to_string();
    words.destination = packet.ipv4().destination.to_string();
    words.ttl = packet.ipv4().ttl;
  } else {
    words.source = packet.ipv6().source.to_string();
    words.destination = packet.ipv6().destination.to_string();
    words.ttl = packet.ipv6().hop_limit;
  }
}

void tell_transport(const Packet& packet, IpProtocol protocol, PacketInWords& words) {
  if (net::has_ports(protocol)) {
    const auto& ports = packet.header<net::Ports>(packet.l4);
    words.source_port = ports.source.host();
    words.destination_port = ports.destination.host();
  }
  if (protocol == IpProtocol::kSctp) words.sctp_chunk = chunk_text(packet.chunk().type);
  if (protocol == IpProtocol::kTcp) words.tcp_flags = flags_text(packet.tcp().flags);
  if (protocol == IpProtocol::kIcmp || protocol == IpProtocol::kIcmpv6) {
    const auto& icmp = packet.header<net::IcmpHeader>(packet.l4);
    words.icmp_type = icmp.type;
    words.icmp_code = icmp.code;
  }
}

}  // namespace

PacketInWords in_words(const DroppedPacket& dropped) {
  return in_words({dropped.bytes.data(), std::min<std::size_t>(dropped.length, dropped.bytes.size())}, dropped.length);
}

PacketInWords in_words(std::span<const std::uint8_t> bytes, std::uint16_t length) {
  // The packet path's own eyes. Behind what was kept they see zeros.
  std::vector<std::uint8_t> whole(length + sizeof(net::TcpHeader));
  std::ranges::copy(bytes, whole.begin());
  Packet packet;
  packet.data = whole.data();
  packet.length = packet.room = length;
  const Verdict parsed = dataplane::parse(packet);
  const bool is_readable = (parsed == Verdict::kContinue || parsed == Verdict::kHeld) &&
                           packet.family != dataplane::PacketFamily::kNone &&
                           (bytes.size() == length || packet.l4 + sizeof(net::TcpHeader) <= bytes.size());
  PacketInWords words;
  if (!is_readable) return words;
  const IpProtocol protocol = protocol_of(packet);
  words.protocol = net::to_string(protocol);
  words.is_fragment = packet.is_fragment();
  tell_network(packet, words);
  if (!words.is_fragment) tell_transport(packet, protocol, words);
  return words;
}

std::string hex_of(const DroppedPacket& packet) {
  const std::size_t length = std::min<std::size_t>(packet.length, packet.bytes.size());
  return fmt::format("{:02x}", fmt::join(packet.bytes.begin(), packet.bytes.begin() + length, ""));
}

base::Result<std::optional<Verdict>> parse_drop(std::string_view name) {
  if (name.empty()) return std::optional<Verdict>{};
  std::vector<std::string_view> names;
  for (const auto& info : dataplane::kVerdicts) {
    if (!is_drop(info.verdict) && !is_refusal(info.verdict)) continue;
    if (info.name == name) return std::optional{info.verdict};
    names.push_back(info.name);
  }
  const auto nearest = conf::nearest(name, names);
  return base::fail(
      "'" + std::string{name} + "' is no drop: " +
      (nearest.empty() ? "see `sluice show drops --all`" : "did you mean '" + std::string{nearest} + "'?"));
}

std::vector<dataplane::RecentDrop> chosen(std::vector<dataplane::RecentDrop> drops, std::optional<Verdict> only) {
  std::erase_if(drops, [only](const auto& drop) { return only && drop.drop != *only && drop.packet.end != *only; });
  std::ranges::stable_sort(drops, {}, [](const auto& drop) { return std::tuple{drop.packet.end, drop.age_seconds}; });
  return drops;
}

}  // namespace sluice::control
