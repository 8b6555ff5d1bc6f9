#include "dataplane/rewrite.h"

#include "nat/translate.h"

namespace sluice::dataplane {
namespace {

std::uint16_t next_hop_of(const Snapshot& snapshot, const Packet& packet) {
  const nat::Flow& flow = *packet.flow;
  if (packet.direction == nat::Direction::kToClient) return flow.client_next_hop;
  return flow.backend < snapshot.backends.size() ? snapshot.backends[flow.backend].next_hop : kNoRoute;
}

void send_by(const NextHop& next_hop, Packet& packet) {
  auto& ethernet = packet.ethernet();
  ethernet.destination = next_hop.kind == NextHop::Kind::kOnLink ? packet.flow->client_mac : next_hop.destination;
  ethernet.source = next_hop.source;
  packet.port = next_hop.port;
}

bool is_backend_gone(const Snapshot& snapshot, const Packet& packet) {
  const auto id = packet.flow->backend;
  return id >= snapshot.backends.size() || snapshot.backends[id].state == lb::BackendState::kDown;
}

}  // namespace

Verdict rewrite(const Snapshot& snapshot, Packet& packet) {
  const bool to_node = packet.direction == nat::Direction::kToNode;
  if (to_node && is_backend_gone(snapshot, packet)) return Verdict::kDropBackendGone;
  const std::uint16_t index = next_hop_of(snapshot, packet);
  if (index >= snapshot.next_hops.size()) return Verdict::kDropNoRoute;
  const NextHop& next_hop = snapshot.next_hops[index];
  const bool unresolved = next_hop.kind == NextHop::Kind::kUnresolved ||
                          (to_node && next_hop.kind == NextHop::Kind::kOnLink);
  if (unresolved) return Verdict::kDropUnresolved;
  auto& ip = packet.ipv4();
  if (ip.ttl <= 1) return Verdict::kDropTtl;

  nat::decrement_ttl(ip);
  nat::translate(ip, packet.data + packet.l4, *packet.flow, packet.direction);
  send_by(next_hop, packet);
  return to_node ? Verdict::kToNode : Verdict::kToClient;
}

}  // namespace sluice::dataplane
