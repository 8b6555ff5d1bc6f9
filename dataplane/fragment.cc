#include "dataplane/fragment.h"

#include <algorithm>

#include "dataplane/icmp.h"

namespace sluice::dataplane {
namespace {

// `parse` ends behind the fragment header, and nothing stands between that and the data.
const net::Ipv6Fragment& fragment_header(const Packet& packet) {
  return packet.header<net::Ipv6Fragment>(packet.l4 - sizeof(net::Ipv6Fragment));
}

net::Ipv6Address mapped(net::Ipv4Address address) {
  net::Ipv6Address mapped{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};
  std::memcpy(mapped.bytes.data() + 12, &address, sizeof address);
  return mapped;
}

}  // namespace

FragmentedKey fragmented_key(const Packet& packet) {
  if (packet.family == PacketFamily::kIpv4) {
    return {.source = mapped(packet.key4.source),
            .destination = mapped(packet.key4.destination),
            .source_port = packet.ipv4().identification,
            .protocol = packet.key4.protocol};
  }
  const std::uint32_t identification = fragment_header(packet).identification.host();
  return {.source = packet.key6.source,
          .destination = packet.key6.destination,
          .source_port = net::Be16{static_cast<std::uint16_t>(identification >> 16)},
          .destination_port = net::Be16{static_cast<std::uint16_t>(identification)},
          .protocol = packet.key6.protocol};
}

FragmentPlace place_of(const Packet& packet) {
  FragmentPlace place;
  std::size_t length = 0;
  if (packet.family == PacketFamily::kIpv4) {
    const auto& ip = packet.ipv4();
    place.begin = (ip.flags_and_fragment.host() & 0x1fffU) * 8;
    place.is_last = (ip.flags_and_fragment.host() & net::kIpv4MoreFragments) == 0;
    place.headers_before = ip.header_length();
    length = end_of(packet, ip) - packet.l4;
  } else {
    const std::uint16_t word = fragment_header(packet).offset_and_more.host();
    place.begin = word & 0xfff8U;
    place.is_last = (word & 1) == 0;
    place.headers_before =
        static_cast<std::uint32_t>(packet.l4 - packet.l3 - sizeof(net::Ipv6Header) - sizeof(net::Ipv6Fragment));
    length = end_of(packet, packet.ipv6()) - packet.l4;
  }
  place.end = place.begin + static_cast<std::uint32_t>(length);
  return place;
}

}  // namespace sluice::dataplane
