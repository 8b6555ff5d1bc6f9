#include "dataplane/stop.h"

#include "dataplane/icmp.h"

namespace sluice::dataplane {

template <typename Family>
Verdict stop(const Snapshot& snapshot, std::uint16_t next_hop, Packet& packet) {
  const auto& ip = packet.ip<Family>();
  if (nat::ttl(ip) <= 1) return Verdict::kDropTtl;
  if (next_hop >= snapshot.next_hops.size()) return Verdict::kContinue;  // There is another name for that.
  const Port& port = snapshot.ports[snapshot.next_hops[next_hop].port];
  if (end_of(packet, ip) - packet.l3 <= port.mtu) return Verdict::kContinue;
  packet.mtu = port.mtu;
  return Verdict::kDropTooBig;
}

template Verdict stop<net::Ipv4>(const Snapshot& snapshot, std::uint16_t next_hop, Packet& packet);
template Verdict stop<net::Ipv6>(const Snapshot& snapshot, std::uint16_t next_hop, Packet& packet);

}  // namespace sluice::dataplane
