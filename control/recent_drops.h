#pragma once
// The last packets that were dropped, for people: which of them in which order, and what their headers say.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dataplane/forwarder.h"
#include "dataplane/recent_drops.h"

namespace sluice::control {

struct PacketInWords {
  std::string protocol;  // "tcp", "protocol 47", …; empty with all below: no IP, or its headers cannot be read.
  std::string source, destination;
  std::uint16_t source_port = 0, destination_port = 0;  // Of whole TCP, UDP and SCTP packets.
  std::string tcp_flags;                                // As tcpdump writes them: "S", "S.", "R", …; "none".
  std::string sctp_chunk;                               // The first: "INIT", "COOKIE ECHO", …; a number.
  std::optional<std::uint8_t> icmp_type, icmp_code;
  std::uint8_t ttl = 0;
  bool is_fragment = false;
};
// Of a frame of so many bytes, of which these first ones are there.
PacketInWords in_words(std::span<const std::uint8_t> bytes, std::uint16_t length);
PacketInWords in_words(const dataplane::DroppedPacket& packet);

// Into a message that has fields of the same names.
template <typename Message>
void set_words(const PacketInWords& words, Message& to) {
  to.set_protocol(words.protocol);
  to.set_source(words.source);
  to.set_source_port(words.source_port);
  to.set_destination(words.destination);
  to.set_destination_port(words.destination_port);
  to.set_tcp_flags(words.tcp_flags);
  to.set_sctp_chunk(words.sctp_chunk);
  to.set_icmp_type(words.icmp_type.value_or(0));
  to.set_icmp_code(words.icmp_code.value_or(0));
  to.set_ttl(words.ttl);
  to.set_is_fragment(words.is_fragment);
}

std::string hex_of(const dataplane::DroppedPacket& packet);  // Of the bytes that are kept: "02005e10…".

// The name of a drop or a refusal; an empty one means all of them.
base::Result<std::optional<dataplane::Verdict>> parse_drop(std::string_view name);

// Those that ended with this verdict, or would have without a refusal; verdict by verdict, the newest first.
std::vector<dataplane::RecentDrop> chosen(std::vector<dataplane::RecentDrop> drops,
                                          std::optional<dataplane::Verdict> only);

}  // namespace sluice::control
