#include "dataplane/sctp.h"

#include "dataplane/icmp.h"
#include "net/crc32c.h"

namespace sluice::dataplane {
namespace {

constexpr std::size_t kFirstChunk = sizeof(net::SctpHeader);
constexpr std::uint16_t kStaleCookie = 3;  // Cause of an ERROR, RFC 9260 3.3.10.3

constexpr std::size_t padded(std::size_t length) { return (length + 3) / 4 * 4; }

template <typename Header>
const Header& at(std::span<const std::uint8_t> packet, std::size_t offset) {
  return *reinterpret_cast<const Header*>(packet.data() + offset);
}

std::span<std::uint8_t> sctp_of(const Packet& packet) {
  const std::size_t end =
      packet.family == PacketFamily::kIpv4 ? end_of(packet, packet.ipv4()) : end_of(packet, packet.ipv6());
  return {packet.data + packet.l4, packet.data + end};
}

// An ABORT may stand behind other chunks.
bool has_abort(std::span<const std::uint8_t> packet) {
  for (std::size_t offset = kFirstChunk; offset + sizeof(net::SctpChunk) <= packet.size();) {
    const auto& chunk = at<net::SctpChunk>(packet, offset);
    if (chunk.type == net::kSctpAbort) return true;
    if (chunk.length.host() < sizeof chunk) return false;
    offset += padded(chunk.length.host());
  }
  return false;
}

bool is_stale_cookie(std::span<const std::uint8_t> packet) {
  constexpr std::size_t kCause = kFirstChunk + sizeof(net::SctpChunk);
  return at<net::SctpChunk>(packet, kFirstChunk).type == net::kSctpError &&
         packet.size() >= kCause + sizeof(net::Be16) && at<net::Be16>(packet, kCause) == net::Be16{kStaleCookie};
}

}  // namespace

Verdict check_sctp(Packet& packet) {
  const auto bytes = sctp_of(packet);
  const net::SctpChunk& chunk = packet.chunk();
  const std::size_t length = chunk.length.host();
  if (length < sizeof chunk) return Verdict::kDropBadHeader;
  const bool is_whole = packet.content == Content::kSctp;
  if (is_whole && kFirstChunk + length > bytes.size()) return Verdict::kDropTruncated;
  const bool is_init = chunk.type == net::kSctpInit;
  if (is_init != (packet.sctp().tag == net::Be32{})) return Verdict::kDropBadHeader;
  if (!is_init) return Verdict::kContinue;
  if (length < sizeof(net::SctpInit) || kFirstChunk + padded(length) < bytes.size()) return Verdict::kDropBadHeader;
  if (kFirstChunk + sizeof(net::SctpInit) > bytes.size()) return Verdict::kDropTruncated;
  const bool has_tag = at<net::SctpInit>(bytes, kFirstChunk).initiate_tag != net::Be32{};  // RFC 9260 3.3.2
  return has_tag ? Verdict::kContinue : Verdict::kDropBadHeader;
}

std::optional<SctpAnswer> answer_out_of_the_blue(std::span<std::uint8_t> packet) {
  const auto& header = at<net::SctpHeader>(packet, 0);
  switch (at<net::SctpChunk>(packet, kFirstChunk).type) {
    case net::kSctpCookieAck:
    case net::kSctpShutdownComplete: return std::nullopt;
    default: break;
  }
  if (has_abort(packet) || is_stale_cookie(packet) || header.checksum != net::sctp_checksum(packet)) {
    return std::nullopt;
  }
  switch (at<net::SctpChunk>(packet, kFirstChunk).type) {
    case net::kSctpInit: return SctpAnswer{net::kSctpAbort, 0, at<net::SctpInit>(packet, kFirstChunk).initiate_tag};
    case net::kSctpShutdownAck: return SctpAnswer{net::kSctpShutdownComplete, net::kSctpTagReflected, header.tag};
    default: return SctpAnswer{net::kSctpAbort, net::kSctpTagReflected, header.tag};
  }
}

}  // namespace sluice::dataplane
