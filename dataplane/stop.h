#pragma once
// Packets that may go no further than here: their time to live ends, or they are too big for their way.

#include <cstdint>

#include "dataplane/packet.h"
#include "dataplane/snapshot.h"
#include "nat/translate.h"

namespace sluice::dataplane {

// Whether it is worth asking stop().
template <typename Family>
bool may_end_here(const Snapshot& snapshot, const Packet& packet) {
  return (nat::ttl(packet.ip<Family>()) <= 1) | (packet.length > snapshot.fits_everywhere);
}

// kContinue, or the drop that its sender may be told of (refuse.h). A packet that ends here must not change a flow:
// nobody else hears of it.
template <typename Family>
Verdict stop(const Snapshot& snapshot, std::uint16_t next_hop, Packet& packet);

}  // namespace sluice::dataplane
