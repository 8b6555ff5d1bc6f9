#include "dataplane/rewrite.h"

#include "dataplane/transport.h"
#include "nat/translate.h"

namespace sluice::dataplane {
namespace {

// Directions mix at random within a burst: a branch on them is mispredicted every other time, at some 20 cycles. So
// both sides' next hops are looked up and one is chosen by arithmetic.
std::uint16_t choose(nat::Direction direction, std::uint16_t to_node, std::uint16_t to_client) {
  const auto mask = static_cast<std::uint16_t>(-static_cast<int>(direction));
  return static_cast<std::uint16_t>(to_node ^ ((to_node ^ to_client) & mask));
}

}  // namespace

template <typename Transport, typename Family>
Verdict rewrite(const Snapshot& snapshot, Packet& packet) {
  const nat::Flow<Family>& flow = *packet.flow<Family>();
  const auto& backend = snapshot.of<Family>().backends[flow.backend];  // Is there: the flow is true to the epoch.
  const std::uint16_t index = choose(packet.direction, backend.next_hop, flow.client_next_hop);
  if (index >= snapshot.next_hops.size()) [[unlikely]]
    return Verdict::kDropNoRoute;
  const NextHop& next_hop = snapshot.next_hops[index];
  if (!can_send(next_hop, packet.direction)) [[unlikely]]
    return Verdict::kDropUnresolved;
  if (!Transport::can_translate(flow, packet)) return Verdict::kDropFragmentSctp;

  auto& ip = packet.ip<Family>();
  nat::decrement_ttl(ip);
  Transport::translate(ip, flow, packet);
  send_by(next_hop, flow.client_mac, packet);
  return sent(packet.direction);
}

template Verdict rewrite<TcpOrUdp, net::Ipv4>(const Snapshot& snapshot, Packet& packet);
template Verdict rewrite<TcpOrUdp, net::Ipv6>(const Snapshot& snapshot, Packet& packet);
template Verdict rewrite<Sctp, net::Ipv4>(const Snapshot& snapshot, Packet& packet);
template Verdict rewrite<Sctp, net::Ipv6>(const Snapshot& snapshot, Packet& packet);

}  // namespace sluice::dataplane
