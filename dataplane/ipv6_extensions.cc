#include "dataplane/ipv6_extensions.h"

namespace sluice::dataplane {
namespace {

constexpr unsigned kExtensionsMax = 8;  // More than one of each kind (RFC 8200 4.1) is nobody's honest packet.

Ipv6Upper cannot_follow(Verdict verdict) { return {.verdict = verdict}; }

}  // namespace

Ipv6Upper skip_extensions(const Packet& packet, net::IpProtocol first, std::uint16_t offset, std::size_t end) {
  Ipv6Upper upper{.protocol = first, .offset = offset};
  for (unsigned count = 0; count < kExtensionsMax; ++count) {
    switch (upper.protocol) {
      case net::IpProtocol::kHopByHop:
      case net::IpProtocol::kRouting:
      case net::IpProtocol::kDestinationOptions: {
        if (upper.offset + sizeof(net::Ipv6Extension) > end) return cannot_follow(Verdict::kDropTruncated);
        const auto& extension = packet.header<net::Ipv6Extension>(upper.offset);
        upper.protocol = extension.next_header;
        upper.offset = static_cast<std::uint16_t>(upper.offset + extension.length());
        break;
      }
      case net::IpProtocol::kFragment: {
        if (upper.offset + sizeof(net::Ipv6Fragment) > end) return cannot_follow(Verdict::kDropTruncated);
        const auto& fragment = packet.header<net::Ipv6Fragment>(upper.offset);
        upper.protocol = fragment.next_header;
        upper.offset = static_cast<std::uint16_t>(upper.offset + sizeof fragment);
        if (!fragment.is_fragment()) break;
        upper.fragment = fragment.is_later_fragment() ? Ipv6Upper::Fragment::kLater : Ipv6Upper::Fragment::kFirst;
        return upper;
      }
      default: return upper.offset > end ? cannot_follow(Verdict::kDropTruncated) : upper;
    }
  }
  return cannot_follow(Verdict::kDropBadHeader);
}

}  // namespace sluice::dataplane
