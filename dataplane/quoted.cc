#include "dataplane/quoted.h"

#include "dataplane/icmp.h"
#include "dataplane/ipv6_extensions.h"

namespace sluice::dataplane {
namespace {

constexpr std::size_t kTransportMin = 8;  // RFC 792: "the first 64 bits of the original datagram's data"

// Without the ports, and without a look at what stands at `l4`. Lengths that the quoted header states are not compared
// with anything: what is quoted may be cut off anywhere, and there are hosts that state them wrongly.
std::optional<Quoted<net::Ipv4>> headers_in(const Packet& packet, const Quoted<net::Ipv4>& place) {
  const auto& ip = packet.header<net::Ipv4Header>(place.l3);
  if (ip.version() != 4 || ip.header_length() < sizeof ip || ip.is_later_fragment()) return std::nullopt;
  Quoted<net::Ipv4> quoted = place;
  quoted.key = {.source = ip.source, .destination = ip.destination, .protocol = ip.protocol};
  quoted.l4 = static_cast<std::uint16_t>(place.l3 + ip.header_length());
  return quoted;
}
std::optional<Quoted<net::Ipv6>> headers_in(const Packet& packet, const Quoted<net::Ipv6>& place) {
  const auto& ip = packet.header<net::Ipv6Header>(place.l3);
  if (ip.version() != 6) return std::nullopt;
  const auto begin = static_cast<std::uint16_t>(place.l3 + sizeof ip);
  const Ipv6Upper upper = skip_extensions(packet, ip.next_header, begin, place.end);
  if (upper.verdict != Verdict::kContinue || upper.fragment == Ipv6Upper::Fragment::kLater) return std::nullopt;
  Quoted<net::Ipv6> quoted = place;
  quoted.key = {.source = ip.source, .destination = ip.destination, .protocol = upper.protocol};
  quoted.l4 = upper.offset;
  return quoted;
}

}  // namespace

template <typename Family>
std::optional<Quoted<Family>> quoted_in(const Packet& packet) {
  const Quoted<Family> place{.l3 = static_cast<std::uint16_t>(packet.l4 + sizeof(net::IcmpHeader)),
                             .end = static_cast<std::uint16_t>(end_of(packet, packet.ip<Family>()))};
  if (place.l3 + sizeof(packet.ip<Family>()) > place.end) return std::nullopt;
  if (!Icmp<Family>::is_error(packet.header<net::IcmpHeader>(packet.l4).type)) return std::nullopt;
  auto quoted = headers_in(packet, place);
  if (!quoted || quoted->l4 + kTransportMin > quoted->end) return std::nullopt;
  if (!net::has_ports(quoted->key.protocol) || quoted->key.source != packet.ip<Family>().destination)
    return std::nullopt;
  const auto& ports = packet.header<net::Ports>(quoted->l4);
  quoted->key.source_port = ports.source;
  quoted->key.destination_port = ports.destination;
  return quoted;
}

template std::optional<Quoted<net::Ipv4>> quoted_in(const Packet& packet);
template std::optional<Quoted<net::Ipv6>> quoted_in(const Packet& packet);

}  // namespace sluice::dataplane
