#include "dataplane/relay.h"

#include "dataplane/icmp.h"
#include "dataplane/quoted.h"
#include "dataplane/rewrite.h"
#include "nat/translate.h"

namespace sluice::dataplane {
namespace {

// Sends it the flow's way, translated so, if it can go there.
template <typename Family, typename Translate>
Verdict send_on(const Snapshot& snapshot, Packet& packet, Translate translate) {
  const nat::Flow<Family>& flow = *packet.flow<Family>();
  const std::uint16_t index = next_hop_of(snapshot.of<Family>(), flow, packet.direction);
  if (index >= snapshot.next_hops.size()) return Verdict::kDropNoRoute;
  const NextHop& next_hop = snapshot.next_hops[index];
  if (!can_send(next_hop, packet.direction)) return Verdict::kDropUnresolved;
  auto& ip = packet.ip<Family>();
  if (nat::ttl(ip) <= 1) return Verdict::kDropTtl;
  if (end_of(packet, ip) - packet.l3 > snapshot.ports[next_hop.port].mtu) return Verdict::kDropTooBig;
  nat::decrement_ttl(ip);
  translate(ip, flow);
  send_by(next_hop, flow.client_mac, packet);
  return sent(packet.direction);
}

}  // namespace

template <typename Family>
Verdict relay(const Snapshot& snapshot, Packet& packet) {
  if (!has_right_icmp_checksum<Family>(packet)) return Verdict::kDropBadHeader;
  const auto quoted = *quoted_in<Family>(packet);  // `parse` had no place to keep it.
  return send_on<Family>(snapshot, packet, [&](auto& ip, const nat::Flow<Family>& flow) {
    nat::translate_error(ip, flow, packet.direction);
    nat::translate_quoted(packet.header<typename Icmp<Family>::IpHeader>(quoted.l3),
                          {packet.data + quoted.l4, packet.data + quoted.end}, flow, packet.direction);
    make_icmp_checksum<Family>(packet);
  });
}

template <typename Family>
Verdict follow(const Snapshot& snapshot, Packet& packet) {
  // Its first fragment does not go on either.
  const auto& whole = *packet.flow<Family>();
  if (whole.protocol == net::IpProtocol::kSctp && nat::changes_ports(whole)) return Verdict::kDropFragmentSctp;
  return send_on<Family>(snapshot, packet, [&](auto& ip, const nat::Flow<Family>& flow) {
    nat::translate_addresses(ip, flow, packet.direction);
  });
}

template Verdict relay<net::Ipv4>(const Snapshot& snapshot, Packet& packet);
template Verdict relay<net::Ipv6>(const Snapshot& snapshot, Packet& packet);
template Verdict follow<net::Ipv4>(const Snapshot& snapshot, Packet& packet);
template Verdict follow<net::Ipv6>(const Snapshot& snapshot, Packet& packet);

}  // namespace sluice::dataplane
