#pragma once
// Step "answer": what the appliance itself answers for its addresses: ARP requests (RFC 826), neighbour solicitations
// (RFC 4861 7.2), ICMP and ICMPv6 echo (RFC 792, RFC 4443).
//
// The answer is made in the packet's own bytes and goes out where the question came in.

#include <algorithm>

#include "dataplane/packet.h"
#include "dataplane/snapshot.h"

namespace sluice::dataplane {

// Its parts, for packets that are neither TCP nor UDP nor about one.
Verdict answer_arp_or_ipv4(const Snapshot& snapshot, Packet& packet);
Verdict answer_ipv6(const Snapshot& snapshot, Packet& packet);

// All other packets go on; ARP and neighbour discovery that are not about our addresses are the kernel's.
inline Verdict answer(const Snapshot& snapshot, Packet& packet) {
  if (packet.content != Content::kOther) [[likely]]
    return Verdict::kContinue;
  return packet.family == PacketFamily::kIpv6 ? answer_ipv6(snapshot, packet) : answer_arp_or_ipv4(snapshot, packet);
}

// Whether the link layer shall find this address at the port that the packet came in by.
template <typename Family>
bool answers_for(const Snapshot& snapshot, const Packet& packet, const typename Family::Address& address) {
  const auto& others = snapshot.of<Family>().answered_addresses;
  if (std::binary_search(others.begin(), others.end(), address)) return true;
  return snapshot.ports[packet.port].announces_vips && snapshot.of<Family>().services.has_vip(address);
}

}  // namespace sluice::dataplane
