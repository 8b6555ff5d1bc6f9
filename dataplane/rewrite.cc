#include "dataplane/rewrite.h"

#include <cstddef>
#include <cstring>

#include "nat/translate.h"

namespace sluice::dataplane {
namespace {

const Backend kNoBackend{};  // Is down.

// Directions mix at random within a burst: a branch on them is mispredicted every other time, at some 20 cycles. So
// both sides' next hops are looked up and one is chosen by arithmetic.
std::uint16_t choose(nat::Direction direction, std::uint16_t to_node, std::uint16_t to_client) {
  const auto mask = static_cast<std::uint16_t>(-static_cast<int>(direction));
  return static_cast<std::uint16_t>(to_node ^ ((to_node ^ to_client) & mask));
}

void send_by(const NextHop& next_hop, Packet& packet) {
  static_assert(offsetof(NextHop, source) == sizeof(net::MacAddress) && offsetof(net::EthernetHeader, source) == 6);
  std::memcpy(packet.data, &next_hop, 2 * sizeof(net::MacAddress));  // Destination and source at once.
  if (next_hop.kind == NextHop::Kind::kOnLink) packet.ethernet().destination = packet.flow->client_mac;
  packet.port = next_hop.port;
}

}  // namespace

Verdict rewrite(const Snapshot& snapshot, Packet& packet) {
  const nat::Flow& flow = *packet.flow;
  const bool to_node = packet.direction == nat::Direction::kToNode;
  const bool is_known = flow.backend < snapshot.backends.size();
  const Backend& backend = is_known ? snapshot.backends[flow.backend] : kNoBackend;
  const bool is_gone = !is_known || backend.state == lb::BackendState::kDown;
  if (to_node & is_gone) [[unlikely]]
    return Verdict::kDropBackendGone;
  const std::uint16_t index = choose(packet.direction, backend.next_hop, flow.client_next_hop);
  if (index >= snapshot.next_hops.size()) [[unlikely]]
    return Verdict::kDropNoRoute;
  const NextHop& next_hop = snapshot.next_hops[index];
  const bool unresolved =
      (next_hop.kind == NextHop::Kind::kUnresolved) | (to_node & (next_hop.kind == NextHop::Kind::kOnLink));
  if (unresolved) [[unlikely]]
    return Verdict::kDropUnresolved;
  auto& ip = packet.ipv4();
  if (ip.ttl <= 1) [[unlikely]]
    return Verdict::kDropTtl;

  nat::decrement_ttl(ip);
  nat::translate(ip, packet.data + packet.l4, flow, packet.direction);
  send_by(next_hop, packet);
  static_assert(dataplane::index(Verdict::kToClient) == dataplane::index(Verdict::kToNode) + 1);
  return static_cast<Verdict>(dataplane::index(Verdict::kToNode) + static_cast<std::size_t>(packet.direction));
}

}  // namespace sluice::dataplane
