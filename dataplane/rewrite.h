#pragma once
// Step "rewrite": the last one. Translates addresses, ports and checksums, counts the TTL down, and puts the frame's
// new Ethernet addresses on. `packet.port` becomes the port to send from.

#include <cstddef>
#include <cstring>

#include "dataplane/packet.h"
#include "dataplane/snapshot.h"

namespace sluice::dataplane {

// The next hop of a flow's packets by this snapshot: looked up anew, as what the flow remembers may be of an older one.
template <typename Family>
std::uint16_t next_hop_of(const FamilySnapshot<Family>& snapshot, const nat::Flow<Family>& flow,
                          nat::Direction direction) {
  if (direction == nat::Direction::kToClient) return snapshot.routes.find(flow.client);
  return flow.backend < snapshot.backends.size() ? snapshot.backends[flow.backend].next_hop : kNoRoute;
}

// The address of the node that serves a flow, whatever its packets are sent to.
template <typename Family>
typename Family::Address node_of(const FamilySnapshot<Family>& snapshot, const nat::Flow<Family>& flow) {
  return flow.backend < snapshot.backends.size() ? snapshot.backends[flow.backend].address : flow.node;
}

// Without a branch, as directions mix at random. A node is never "the peer itself": its MAC address is known, or not.
inline bool can_send(const NextHop& next_hop, nat::Direction direction) {
  const bool to_node = direction == nat::Direction::kToNode;
  return !((next_hop.kind == NextHop::Kind::kUnresolved) | (to_node & (next_hop.kind == NextHop::Kind::kOnLink)));
}

inline void send_by(const NextHop& next_hop, const net::MacAddress& client, Packet& packet) {
  static_assert(offsetof(NextHop, source) == sizeof(net::MacAddress) && offsetof(net::EthernetHeader, source) == 6);
  std::memcpy(packet.data, &next_hop, 2 * sizeof(net::MacAddress));  // Destination and source at once.
  if (next_hop.kind == NextHop::Kind::kOnLink) packet.ethernet().destination = client;
  packet.port = static_cast<std::uint8_t>(next_hop.port);
}

inline Verdict sent(nat::Direction direction) {
  static_assert(index(Verdict::kToClient) == index(Verdict::kToNode) + 1);
  return static_cast<Verdict>(index(Verdict::kToNode) + static_cast<std::size_t>(direction));
}

// Answers kToNode, kToClient or the drop that stood in the way; on a drop nothing was changed. `steer` has seen that
// the packet's time to live does not end here. `Transport`: transport.h.
template <typename Transport, typename Family>
Verdict rewrite(const Snapshot& snapshot, Packet& packet);

}  // namespace sluice::dataplane
