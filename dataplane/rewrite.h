#pragma once
// Step "rewrite": the last one. Translates addresses, ports and checksums, counts the TTL down, and puts the frame's
// new Ethernet addresses on. `packet.port` becomes the port to send from.

#include "dataplane/packet.h"
#include "dataplane/snapshot.h"

namespace sluice::dataplane {

// Answers kToNode, kToClient or the drop that stood in the way; on a drop nothing was changed. `steer` has seen that the
// packet's time to live does not end here.
template <typename Family>
Verdict rewrite(const Snapshot& snapshot, Packet& packet);

}  // namespace sluice::dataplane
