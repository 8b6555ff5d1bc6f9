#pragma once
// What an SCTP packet must be, and what the sender of one hears that belongs to no association (RFC 9260).

#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/packet.h"
#include "net/headers.h"

namespace sluice::dataplane {

// Whether the first chunk may be what it says. Only an INIT has the verification tag zero, and it stands alone
// (RFC 9260 8.5.1): a packet that breaks this opens nothing and is answered by nothing.
Verdict check_sctp(Packet& packet);

struct SctpAnswer {
  std::uint8_t chunk = 0;  // net::kSctpAbort or net::kSctpShutdownComplete
  std::uint8_t flags = 0;
  net::Be32 tag;
};

// The answer to a whole packet "out of the blue", from its common header on (RFC 9260 8.4). Nothing where there must be
// none, or the checksum is wrong.
std::optional<SctpAnswer> answer_out_of_the_blue(std::span<std::uint8_t> packet);

}  // namespace sluice::dataplane
