#include "dataplane/capture_filter.h"

namespace sluice::dataplane {
namespace {

using Protocol = CaptureFilter::Protocol;

bool is_of(Protocol protocol, const CapturedPacket& packet) {
  if (packet.is_arp || protocol == Protocol::kArp) return packet.is_arp && protocol == Protocol::kArp;
  if (packet.family == PacketFamily::kNone) return false;
  switch (protocol) {
    case Protocol::kTcp: return packet.protocol == net::IpProtocol::kTcp;
    case Protocol::kUdp: return packet.protocol == net::IpProtocol::kUdp;
    case Protocol::kSctp: return packet.protocol == net::IpProtocol::kSctp;
    default: return packet.protocol == net::IpProtocol::kIcmp || packet.protocol == net::IpProtocol::kIcmpv6;
  }
}

// Whether one end of the packet is this one.
bool has_end(const CapturedPacket& packet, const net::IpAddress& address, std::optional<net::Be16> port) {
  const auto is = [&](const net::IpAddress& end, net::Be16 its_port) {
    return end == address && (!port || *port == its_port);
  };
  return is(packet.source, packet.source_port) || is(packet.destination, packet.destination_port);
}

bool matches_addresses(const FlowFilter& filter, const CapturedPacket& packet) {
  if (!filter.client && !filter.vip && !filter.node) return true;
  if (packet.family == PacketFamily::kNone && !packet.is_arp) return false;
  return (!filter.client || has_end(packet, *filter.client, filter.client_port)) &&
         (!filter.vip || has_end(packet, *filter.vip, filter.vip_port)) &&
         (!filter.node || has_end(packet, *filter.node, std::nullopt));
}

}  // namespace

bool CaptureFilter::matches(const CapturedPacket& packet) const {
  if (verdicts.none() && (packet.verdict == Verdict::kToWorker || packet.verdict == Verdict::kHeld)) return false;
  if (verdicts.any() && !verdicts[index(packet.verdict)] && !verdicts[index(packet.instead_of)]) return false;
  if (protocol && !is_of(*protocol, packet)) return false;
  if (!packet.found && !packet.flow) return matches_addresses(flow, packet);
  return (packet.flow && flow.matches(*packet.flow)) || (packet.found && flow.matches(*packet.found));
}

bool CaptureFilter::wants_as_it_came(const CapturedPacket& packet) const {
  return takes_arriving && (!port || *port == packet.port);
}

bool CaptureFilter::wants_as_sent(const CapturedPacket& packet) const {
  return takes_sent && packet.is_sent() && (!port || *port == packet.sent_port);
}

}  // namespace sluice::dataplane
