#pragma once
// The packet that an ICMP error is about: the error quotes how it began (RFC 792, RFC 4443 2.4 (c)).

#include <cstdint>
#include <optional>

#include "dataplane/packet.h"

namespace sluice::dataplane {

template <typename Family>
struct Quoted {
  net::FlowKey<Family> key;  // As it stands there: as its sender sent it.
  std::uint16_t l3 = 0;      // Offsets from the beginning of the frame, like the packet's own.
  std::uint16_t l4 = 0;      // At least 8 bytes are quoted from here on.
  std::uint16_t end = 0;
};

// Of a whole ICMP packet of this family. Nothing if it is no error, or none that can be followed: the quotation is too
// short or broken, is a later fragment, is neither TCP nor UDP nor SCTP, or was not sent by whom the error is for.
template <typename Family>
std::optional<Quoted<Family>> quoted_in(const Packet& packet);

}  // namespace sluice::dataplane
