#pragma once
// Packets for tests, written as fields: `bytes_of` makes the frame with all checksums right, the way a host would.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/address.h"
#include "net/headers.h"

namespace sluice::cases {

using Bytes = std::vector<std::uint8_t>;

net::Ipv4Address ip(const char* text);
net::Ipv6Address ip6(const char* text);
net::MacAddress mac(const char* text);

// What an ICMP error says.
struct Icmp {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t rest = 0;  // Of its header: the MTU of "too big".
};

// Of a packet, what stands behind its IP headers from `begin` on.
struct Part {
  std::size_t begin = 0;
  std::size_t length = 0;
  bool more_follow = true;
};

struct Frame {
  net::MacAddress to;
  net::MacAddress from;
  net::IpAddress source;  // Both of the same family, which makes the frame's.
  net::IpAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  net::IpProtocol protocol = net::IpProtocol::kTcp;
  std::uint8_t tcp_flags = 0;
  std::uint8_t ttl = 64;
  std::string payload = {};
  std::vector<std::uint8_t> ip_options = {};  // A multiple of 4 bytes; of IPv6: extension headers, the last of which
                                              // names the protocol.
  net::IpProtocol first_extension{};          // What they begin with.
  std::uint16_t fragment = 0;                 // The flags and offset word, as a number.
  bool udp_without_checksum = false;
  std::optional<Part> part = std::nullopt;  // Only this fragment of it.
  std::uint16_t identification = 4711;      // Of IPv4, and of fragments.
  std::uint32_t sequence = 1000;
  std::optional<std::uint32_t> acknowledgment = std::nullopt;  // None: 2000 if the flags have ACK, else 0.
  std::uint16_t window = 65'000;

  // Of SCTP: its first chunk, whose value is the payload.
  std::uint8_t chunk = 0;
  std::uint8_t chunk_flags = 0;
  std::uint32_t tag = 0;
  std::string more_chunks = {};    // What follows it, as bytes.
  std::uint32_t crc_wrong_by = 0;  // XOR.

  // An ICMP error in place of TCP and UDP, if there is a packet that it quotes (one): so many bytes of it.
  Icmp icmp = {};
  std::vector<Frame> quoted = {};
  std::size_t quoted_max = 528;
};

Bytes bytes_of(const Frame& frame);

// Bit by bit, as RFC 9260 appendix A defines it.
std::uint32_t plain_crc32c(std::span<const std::uint8_t> bytes);

Bytes arp_bytes(net::Be16 operation, net::MacAddress to, const net::ArpPacket& arp);
Bytes echo_bytes(const Frame& frame, std::uint8_t type, std::uint8_t code);  // Ports and flags do not matter.

// An ICMP error about a packet: what of it is quoted, from its IP header on.
Bytes error_bytes(const Frame& frame, std::uint8_t type, std::uint8_t code, const Bytes& quoted);

// A neighbour solicitation or advertisement with its option, or (`mac` is zero) without.
Bytes neighbour_bytes(const Frame& frame, std::uint8_t type, std::uint32_t flags, const net::Ipv6Address& target,
                      net::MacAddress mac);

// The IP and TCP/UDP checksums of a frame are what a receiver would accept.
bool checksums_are_right(const Bytes& frame);

}  // namespace sluice::cases
