#pragma once
// The extension headers between an IPv6 header and what the packet carries (RFC 8200 4.1).

#include <cstddef>
#include <cstdint>

#include "dataplane/packet.h"

namespace sluice::dataplane {

struct Ipv6Upper {
  enum class Fragment : std::uint8_t { kNone, kFirst, kLater };

  net::IpProtocol protocol{};  // Of what stands at `offset`.
  std::uint16_t offset = 0;    // In a later fragment there need not be a header.
  Fragment fragment = Fragment::kNone;
  Verdict verdict = Verdict::kContinue;  // Or why the headers cannot be followed to their end.
};

// Walks from the header of kind `first` at `offset` on; reads nothing behind `end`. In a fragment it ends behind the
// fragment header.
Ipv6Upper skip_extensions(const Packet& packet, net::IpProtocol first, std::uint16_t offset, std::size_t end);

}  // namespace sluice::dataplane
