#pragma once
// What a fragment says of itself: of which packet it is, and which part of that (RFC 791 3.2, RFC 8200 4.5).

#include <cstdint>

#include "dataplane/packet.h"
#include "net/flow_key.h"

namespace sluice::dataplane {

// What all fragments of a packet have in common. The identification stands in place of the ports; IPv4 addresses as
// ::ffff:a.b.c.d, which no IPv6 packet for us has, so that both families fit one table.
using FragmentedKey = net::FlowKey6;

struct FragmentPlace {
  std::uint32_t begin = 0;           // Of its data in those of the packet, in bytes; the first fragment begins at 0.
  std::uint32_t end = 0;             // Behind 65,535: of no packet that there could be.
  std::uint32_t headers_before = 0;  // Bytes that the whole packet would have in front, as its length counts them.
  bool is_last = false;
};

// Of packets that `parse` called fragments.
FragmentedKey fragmented_key(const Packet& packet);
FragmentPlace place_of(const Packet& packet);

}  // namespace sluice::dataplane
