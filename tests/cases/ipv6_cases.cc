#include "tests/cases/case.h"

namespace sluice::cases {
namespace {

using enum dataplane::Verdict;
using net::IpProtocol;

Frame datagram(Frame frame, std::string payload) {
  frame.protocol = IpProtocol::kUdp;
  frame.payload = std::move(payload);
  return frame;
}

Frame with_extensions(Frame frame, std::vector<std::uint8_t> headers, IpProtocol first) {
  frame.ip_options = std::move(headers);
  frame.first_extension = first;
  return frame;
}

Step ends(std::string what, Frame in, dataplane::Verdict verdict) {
  return {.what = std::move(what), .in = std::move(in), .verdict = verdict};
}

Bytes patched(Bytes bytes, std::size_t at, std::uint8_t value) {
  bytes.at(at) = value;
  return bytes;
}
Bytes cut(Bytes bytes, std::size_t length) {
  bytes.resize(length);
  return bytes;
}
Step raw(std::string what, Bytes in, dataplane::Verdict verdict) {
  return {.what = std::move(what), .raw_in = std::move(in), .verdict = verdict};
}

const Frame kSyn = v6(from_client(80, net::kTcpSyn));
const Frame kSynToNode = v6(to_node(30080, net::kTcpSyn));
constexpr auto kTcpNumber = static_cast<std::uint8_t>(IpProtocol::kTcp);

std::vector<Case> translated_cases() {
  const std::uint8_t flags = net::kTcpSyn | net::kTcpAck;
  const std::vector<std::uint8_t> options{kTcpNumber, 0, 1, 4, 0, 0, 0, 0};  // One PadN of six bytes.
  const std::vector<std::uint8_t> two{60, 0, 1, 4, 0, 0, 0, 0, kTcpNumber, 0, 1, 4, 0, 0, 0, 0};
  const std::vector<std::uint8_t> atomic{kTcpNumber, 0, 0, 0, 0, 0, 0, 7};
  return {
      {"an IPv6 handshake is translated both ways",
       {forward("SYN", kSyn, kSynToNode), backward("SYN+ACK", v6(from_node(30080, flags)), v6(to_client(80, flags)))}},
      {"an IPv6 datagram and its answer are translated",
       {forward("question", datagram(v6(from_client(53, 0)), "question"), datagram(v6(to_node(30053, 0)), "question")),
        backward("answer", datagram(v6(from_node(30053, 0)), "answer"), datagram(v6(to_client(53, 0)), "answer"))}},
      {"IPv6 extension headers are left in their place",
       {forward("options", with_extensions(kSyn, options, IpProtocol::kDestinationOptions),
                with_extensions(kSynToNode, options, IpProtocol::kDestinationOptions)),
        forward("two headers", with_extensions(kSyn, two, IpProtocol::kHopByHop),
                with_extensions(kSynToNode, two, IpProtocol::kHopByHop))}},
      {"an IPv6 packet marked as the only fragment of itself is whole (RFC 6946)",
       {forward("atomic", with_extensions(kSyn, atomic, IpProtocol::kFragment),
                with_extensions(kSynToNode, atomic, IpProtocol::kFragment))}},
  };
}

std::vector<Case> refused_ipv6_cases() {
  const Bytes syn = bytes_of(kSyn);
  auto other_port = kSyn;
  other_port.destination_port = 81;
  auto to_kernel = kSyn;
  to_kernel.destination = kWanAddress6;
  auto stray = kSyn;
  stray.destination = kSnat6;
  auto multicast = datagram(kSyn, "mdns");
  multicast.to = mac("33:33:00:00:00:fb");
  multicast.destination = ip6("ff02::fb");
  const std::vector<std::uint8_t> first{47, 0, 0, 1, 0, 0, 0, 7};
  std::vector<std::uint8_t> endless;
  for (int i = 0; i < 9; ++i) endless.insert(endless.end(), {60, 0, 1, 4, 0, 0, 0, 0});
  endless[64] = kTcpNumber;
  return {
      {"an IPv6 frame that ends early is dropped",
       {raw("in the header", cut(syn, 53), kDropTruncated), raw("in TCP", cut(syn, 73), kDropTruncated),
        raw("a payload length of 15", patched(syn, 19, 15), kDropTruncated)}},
      {"an IPv6 extension header that is longer than the packet is dropped",
       {ends("options of 2048 bytes",
             with_extensions(kSyn, {kTcpNumber, 255, 1, 4, 0, 0, 0, 0}, IpProtocol::kDestinationOptions),
             kDropTruncated)}},
      {"more IPv6 extension headers than any honest sender has are dropped",
       {ends("nine", with_extensions(kSyn, endless, IpProtocol::kDestinationOptions), kDropBadHeader)}},
      {"an IPv6 header of another version is dropped", {raw("version 4", patched(syn, 14, 0x40), kDropBadHeader)}},
      {"an IPv6 fragment for a VIP of a protocol that no service has is dropped",
       {ends("first", with_extensions(kSyn, first, IpProtocol::kFragment), kDropFragment)}},
      {"IPv6 for a port that no service has is refused", {ends("port 81", other_port, kReplyReset)}},
      {"IPv6 for a SNAT address without a flow is refused", {ends("SYN", stray, kReplyReset)}},
      {"IPv6 for the kernel's own address is the kernel's", {ends("SYN", to_kernel, kToKernel)}},
      {"IPv6 multicast is the kernel's", {ends("mDNS", multicast, kToKernel)}},
  };
}

std::vector<Case> neighbour_cases() {
  const Frame unicast{.to = kWanMac, .from = kRouterMac, .source = ip6("fe80::1"), .destination = kVip6, .ttl = 255};
  Frame multicast = unicast;
  multicast.to = mac("33:33:ff:00:00:01");
  multicast.destination = ip6("ff02::1:ff00:1");
  Frame duplicate = multicast;
  duplicate.source = net::Ipv6Address{};
  Frame forwarded = multicast;
  forwarded.ttl = 254;
  const Frame advertised{.to = kRouterMac, .from = kWanMac, .source = kVip6, .destination = ip6("fe80::1"), .ttl = 255};
  Frame defended = advertised;
  defended.to = mac("33:33:00:00:00:01");
  defended.destination = ip6("ff02::1");
  const auto ask = [](const Frame& frame, net::MacAddress from) {
    return neighbour_bytes(frame, net::kNeighbourSolicitation, 0, kVip6, from);
  };
  const auto tell = [](const Frame& frame, std::uint32_t flags) {
    return neighbour_bytes(frame, net::kNeighbourAdvertisement, flags, kVip6, kWanMac);
  };
  const auto answered = [](std::string what, Bytes in, Bytes out) {
    return Step{.what = std::move(what),
                .raw_in = std::move(in),
                .verdict = kReply,
                .raw_out = std::move(out),
                .out_port = kWan};
  };
  const Bytes solicited = tell(advertised, net::kNeighbourOverride | net::kNeighbourSolicited);
  Step at_lan = raw("at the lan port", ask(multicast, kNode1Mac), kToKernel);
  at_lan.port = kLan;
  return {
      {"a neighbour solicitation for a VIP is answered",
       {answered("multicast", ask(multicast, kRouterMac), solicited),
        answered("unicast", ask(unicast, kRouterMac), solicited)}},
      {"a VIP is defended against a host that is about to take it",
       {answered("DAD", ask(duplicate, {}), tell(defended, net::kNeighbourOverride))}},
      {"a neighbour solicitation at a port that does not announce VIPs is the kernel's", {at_lan}},
      {"a neighbour solicitation for another address is the kernel's",
       {raw("another", neighbour_bytes(multicast, net::kNeighbourSolicitation, 0, kWanAddress6, kRouterMac),
            kToKernel)}},
      {"a neighbour solicitation that came over a router is not believed",
       {raw("hop limit 254", ask(forwarded, kRouterMac), kDropBadHeader)}},
      {"a neighbour solicitation with a wrong checksum is not believed",
       {raw("patched", patched(ask(multicast, kRouterMac), 85, 0x55), kDropBadHeader)}},
  };
}

std::vector<Case> echo_cases() {
  Frame ping{.to = kWanMac, .from = kRouterMac, .source = kClient6, .destination = kVip6, .payload = "ping"};
  Frame pong{.to = kRouterMac, .from = kWanMac, .source = kVip6, .destination = kClient6, .payload = "ping"};
  Frame others = ping;
  others.destination = kWanAddress6;
  return {
      {"an ICMPv6 echo request to a VIP is answered",
       {{.what = "ping",
         .raw_in = echo_bytes(ping, net::kIcmpv6EchoRequest, 0),
         .verdict = kReply,
         .raw_out = echo_bytes(pong, net::kIcmpv6EchoReply, 0),
         .out_port = kWan}}},
      {"other ICMPv6 messages to a VIP are dropped",
       {raw("echo reply", echo_bytes(ping, net::kIcmpv6EchoReply, 0), kDropProtocol),
        raw("cut", cut(patched(echo_bytes(ping, net::kIcmpv6EchoRequest, 0), 19, 4), 58), kDropTruncated)}},
      {"ICMPv6 for the kernel's own address is the kernel's",
       {raw("ping", echo_bytes(others, net::kIcmpv6EchoRequest, 0), kToKernel)}},
  };
}

}  // namespace

std::vector<Case> ipv6_cases() {
  return joined({translated_cases(), refused_ipv6_cases(), neighbour_cases(), echo_cases()});
}

}  // namespace sluice::cases
