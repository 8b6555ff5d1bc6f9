#include "tests/cases/case.h"

namespace sluice::cases {
namespace {

using dataplane::Verdict;
using enum dataplane::Verdict;
using net::IpProtocol;

constexpr std::uint8_t kSyn = net::kTcpSyn, kAck = net::kTcpAck, kSynAck = net::kTcpSyn | net::kTcpAck;
constexpr std::uint8_t kTtlAfterUs = 63;  // Of what is quoted: nobody gives it back what it lost on its way.
constexpr Icmp kFragmentationNeeded{3, 4, 1280}, kHostUnreachable{3, 1}, kPortUnreachable{3, 3}, kTimeExceeded{11, 0},
    kParameterProblem{12, 0, 0x14000000}, kQuench{4, 0}, kRedirect{5, 1, 0xcb007101};
constexpr Icmp kTooBig6{2, 0, 1280}, kUnreachable6{1, 4}, kTimeExceeded6{3, 0}, kParameterProblem6{4, 1, 40};
const auto kClientsRouter = ip("198.51.100.1");
const auto kNodesRouter = ip("10.20.0.254");
const auto kClientsRouter6 = ip6("2001:db8:c::1");

Step v6(Step step) {
  step.in = v6(step.in);
  if (step.in.source == net::IpAddress{kClientsRouter}) step.in.source = kClientsRouter6;
  if (step.out) step.out = v6(*step.out);
  return step;
}

// How a packet looks at one side of us and at the other.
struct Sides {
  Frame outer;  // As the error quotes it: as we sent it.
  Frame inner;  // As whoever sent it knows it.
};

Sides both(Sides sides, void (*change)(Frame&)) {
  change(sides.outer);
  change(sides.inner);
  return sides;
}
Sides sent_on(Sides sides) {
  sides.outer.ttl = sides.inner.ttl = kTtlAfterUs;
  return sides;
}
Sides of_node(std::uint8_t flags) { return sent_on({to_client(80, flags), from_node(30080, flags)}); }
Sides of_client(std::uint8_t flags) { return sent_on({to_node(30080, flags), from_client(80, flags)}); }
Sides of_node_udp() {
  return both(sent_on({to_client(53, 0), from_node(30053, 0)}), [](Frame& frame) {
    frame.protocol = IpProtocol::kUdp;
    frame.payload = "an answer";
  });
}
Sides of_client_udp() {
  return both(sent_on({to_node(30053, 0), from_client(53, 0)}), [](Frame& frame) {
    frame.protocol = IpProtocol::kUdp;
    frame.payload = "a question";
  });
}
Sides with_data(Sides sides) {
  return both(std::move(sides), [](Frame& frame) { frame.payload = std::string(1387, 'x'); });
}

Frame about(Frame around, Icmp icmp, Frame packet, std::size_t quoted_max) {
  around.icmp = icmp;
  around.quoted = {std::move(packet)};
  around.quoted_max = quoted_max;
  return around;
}

// From a router on the clients' side: for the node, which sees the SNAT address say it.
const Frame kFromOutside{.to = kWanMac, .from = kRouterMac, .source = kClientsRouter, .destination = kVip};
Step to_node(std::string what, Icmp icmp, const Sides& packet, std::size_t quoted_max = 528) {
  const Frame around{.to = kNode1Mac, .from = kLanMac, .source = kLearned, .destination = kNode1, .ttl = kTtlAfterUs};
  return {.what = std::move(what),
          .in = about(kFromOutside, icmp, packet.outer, quoted_max),
          .verdict = kToNode,
          .out = about(around, icmp, packet.inner, quoted_max)};
}

// From a node or a router before it: for the client, which sees the VIP say it.
const Frame kFromInside{.to = kLanMac, .from = kNode1Mac, .source = kNode1, .destination = kLearned};
Step to_client(std::string what, Icmp icmp, const Sides& packet, std::size_t quoted_max = 528) {
  const Frame around{.to = kRouterMac, .from = kWanMac, .source = kVip, .destination = kClient, .ttl = kTtlAfterUs};
  return {.what = std::move(what),
          .in = about(kFromInside, icmp, packet.outer, quoted_max),
          .port = kLan,
          .verdict = kToClient,
          .out = about(around, icmp, packet.inner, quoted_max),
          .out_port = kWan};
}

Step opening() { return {.what = "SYN", .in = from_client(80, kSyn), .verdict = kToNode}; }
Step question() {
  Frame frame = from_client(53, 0);
  frame.protocol = IpProtocol::kUdp;
  return {.what = "question", .in = frame, .verdict = kToNode};
}
Step raw(std::string what, Bytes in, Verdict verdict) {
  return {.what = std::move(what), .raw_in = std::move(in), .verdict = verdict};
}
Step changed(Step step, void (*change)(Frame&)) {
  change(step.in);
  if (step.out) change(*step.out);
  return step;
}

Case after(Step first, std::string name, std::vector<Step> rest) {
  rest.insert(rest.begin(), std::move(first));
  return {std::move(name), std::move(rest)};
}
Case in_both_directions(std::string name, const std::vector<Icmp>& meanings) {
  Case made{std::move(name), {opening()}};
  for (const Icmp& icmp : meanings) {
    made.steps.push_back(to_node("from outside", icmp, with_data(of_node(kAck))));
    made.steps.push_back(to_client("from inside", icmp, with_data(of_client(kAck))));
  }
  return made;
}
Case over_ipv6(Case made, std::string name) {
  made.name = std::move(name);
  for (Step& step : made.steps) step = v6(step);
  return made;
}

// TCP's checksum begins 16 bytes behind the IP header and takes two, one of which alone cannot be made right.
Case cut_off(std::string name, Icmp icmp, std::size_t ip_header) {
  Case made{std::move(name), {opening()}};
  for (const std::size_t behind : {8U, 9U, 15U, 16U, 18U, 19U, 20U, 500U}) {
    const std::string what = std::to_string(behind) + " bytes behind the IP header";
    made.steps.push_back(to_node(what, icmp, of_node(kSynAck), ip_header + behind));
    made.steps.push_back(to_client(what, icmp, with_data(of_client(kSyn)), ip_header + behind));
  }
  return made;
}

std::vector<Case> translated_cases() {
  const auto no_checksum = [](Frame& frame) { frame.udp_without_checksum = true; };
  const std::vector<Step> datagrams{
      to_node("from outside", kPortUnreachable, of_node_udp()),
      to_client("from inside", kPortUnreachable, of_client_udp()),
      to_node("8 bytes of it", kPortUnreachable, of_node_udp(), 28),
      to_node("without a checksum", kPortUnreachable, both(of_node_udp(), no_checksum)),
      to_client("without a checksum", kPortUnreachable, both(of_client_udp(), no_checksum))};
  return {
      in_both_directions("a packet that needs fragmentation is told to who sent it", {kFragmentationNeeded}),
      in_both_directions("what an ICMP error says is left as it is",
                         {kHostUnreachable, kPortUnreachable, kTimeExceeded, kParameterProblem}),
      over_ipv6(in_both_directions("", {kTooBig6}), "an IPv6 packet that is too big is told to who sent it"),
      over_ipv6(in_both_directions("", {kUnreachable6, kTimeExceeded6, kParameterProblem6}),
                "what an ICMPv6 error says is left as it is"),
      after(question(), "an ICMP error about a datagram is translated", datagrams),
      over_ipv6(after(question(), "",
                      {to_node("from outside", kUnreachable6, of_node_udp()),
                       to_client("from inside", kUnreachable6, of_client_udp())}),
                "an ICMPv6 error about a datagram is translated"),
      cut_off("what an ICMP error quotes may be cut off anywhere behind the ports", kTimeExceeded, 20),
      over_ipv6(cut_off("", kTimeExceeded6, 40),
                "what an ICMPv6 error quotes may be cut off anywhere behind the ports"),
  };
}

Sides with_ipv6_options(Sides sides) {
  return both(std::move(sides), [](Frame& frame) {
    frame.first_extension = IpProtocol::kDestinationOptions;
    frame.ip_options = {static_cast<std::uint8_t>(IpProtocol::kTcp), 0, 1, 4, 0, 0, 0, 0};
  });
}
Sides as_first_fragment(Sides sides) {
  return both(std::move(sides), [](Frame& frame) { frame.fragment = 0x2000; });
}
Sides as_first_fragment6(Sides sides) {
  return both(std::move(sides), [](Frame& frame) {
    frame.first_extension = IpProtocol::kFragment;
    frame.ip_options = {static_cast<std::uint8_t>(IpProtocol::kTcp), 0, 0, 1, 0, 0, 0, 7};
  });
}

std::vector<Case> odd_cases() {
  const auto with_options = [](Frame& frame) { frame.ip_options = {1, 1, 1, 0}; };
  Step from_router = to_client("10.20.0.254 says it", kHostUnreachable, of_client(kSyn));
  from_router.in.source = kNodesRouter;
  Step from_client_itself = to_node("the client says it", kPortUnreachable, of_node(kSynAck));
  from_client_itself.in.source = kClient;
  Step after_new_routes = to_client("by the newest snapshot", kHostUnreachable, of_client(kSyn));
  after_new_routes.publish = Change{.next_hops_shifted = true};
  Step without_node = to_node("its service has no node any more", kHostUnreachable, of_node(kAck));
  without_node.publish = Change{.http_backend = lb::kNoBackend};
  return {
      after(opening(), "whoever says it, both sides see only whom they know", {from_router, from_client_itself}),
      after(opening(), "an ICMP error goes the way that there is now", {after_new_routes, without_node}),
      after(opening(), "IPv4 options are no obstacle, outside and inside",
            {changed(to_node("outside", kHostUnreachable, of_node(kAck)), with_options),
             to_node("inside", kHostUnreachable, both(of_node(kAck), with_options))}),
      over_ipv6(after(opening(), "", {to_node("inside", kUnreachable6, with_ipv6_options(of_node(kAck)))}),
                "an ICMPv6 error finds the ports behind extension headers"),
      after(opening(), "an ICMP error about a first fragment is translated",
            {to_node("from outside", kTimeExceeded, as_first_fragment(of_node(kAck)))}),
      over_ipv6(after(opening(), "", {to_node("outside", kTimeExceeded6, as_first_fragment6(of_node(kAck)))}),
                "an ICMPv6 error about a first fragment is translated"),
  };
}

Step late(Step step, unsigned seconds) {
  step.seconds_later = seconds;
  return step;
}

std::vector<Case> stateless_cases() {
  const Step unanswered{.what = "ACK", .in = from_client(80, kAck), .verdict = kReplyReset};
  const Step last =
      changed(to_node("at the end of its life", kHostUnreachable, of_node(kAck)), [](Frame& frame) { frame.ttl = 1; });
  const Sides long_one = both(of_client(kSyn), [](Frame& frame) { frame.payload = std::string(1500, 'x'); });
  return {
      after(opening(), "an ICMP error keeps no flow alive",
            {late(to_client("unreachable", kHostUnreachable, of_client(kSyn)), 4), late(unanswered, 3)}),
      after(
          opening(), "an ICMP error is never answered",
          {ending(last, kDropTtl), ending(to_client("too big itself", kHostUnreachable, long_one, 1480), kDropTooBig)}),
  };
}

Bytes patched(Bytes bytes, std::size_t at, std::uint8_t value) {
  bytes.at(at) = value;
  return bytes;
}

// With everything right again that is summed up.
Bytes outside(const Sides& packet, std::size_t quoted_at, std::uint8_t value) {
  Frame error = kFromOutside;
  const Bytes quoted = patched(bytes_of(packet.outer), 14 + quoted_at, value);
  return error_bytes(error, 3, 1, Bytes(quoted.begin() + 14, quoted.end()));
}

std::vector<Case> dropped_cases() {
  const Bytes right = bytes_of(to_node("", kHostUnreachable, of_node(kAck)).in);
  const auto untold = [](Step step) { return ending(std::move(step), kDropIcmpNoFlow); };
  Sides other_port = of_node(kAck), other_sender = of_node(kAck), later = of_node(kAck), later6 = of_node(kAck);
  other_port.outer.destination_port = 40'001;
  other_sender.outer.source = kWanAddress;
  later.outer.fragment = 185;
  later6 = as_first_fragment6(later6);
  later6.outer.ip_options[3] = 8;
  Sides about_error = of_node(kAck);
  about_error.outer = about(about_error.outer, kHostUnreachable, about_error.inner, 528);
  return {
      after(opening(), "an ICMP error for a VIP that is about no flow is dropped",
            {untold(to_node("another port", kHostUnreachable, other_port)),
             untold(to_node("about an error", kHostUnreachable, about_error)),
             untold(to_node("a later fragment", kHostUnreachable, later)),
             untold(to_node("sent by another", kHostUnreachable, other_sender)),
             untold(to_node("7 bytes behind the header", kHostUnreachable, of_node(kAck), 27)),
             untold(to_node("half a header", kHostUnreachable, of_node(kAck), 10)),
             untold(to_node("no packet at all", kHostUnreachable, of_node(kAck), 0)),
             raw("version 5", outside(of_node(kAck), 0, 0x55), kDropIcmpNoFlow),
             raw("a header of 16 bytes", outside(of_node(kAck), 0, 0x44), kDropIcmpNoFlow),
             raw("a header of 60 bytes", outside(of_node(kAck), 0, 0x4f), kDropIcmpNoFlow),
             raw("GRE", outside(of_node(kAck), 9, 47), kDropIcmpNoFlow)}),
      over_ipv6(after(opening(), "",
                      {untold(to_node("another port", kUnreachable6, other_port)),
                       untold(to_node("a later fragment", kUnreachable6, later6)),
                       untold(to_node("7 bytes behind the header", kUnreachable6, of_node(kAck), 47))}),
                "an ICMPv6 error for a VIP that is about no flow is dropped"),
      after(opening(), "an ICMP error that was damaged on its way is dropped",
            {raw("checksum", patched(right, 37, static_cast<std::uint8_t>(right[37] ^ 1)), kDropBadHeader),
             raw("last byte", patched(right, right.size() - 1, static_cast<std::uint8_t>(right.back() ^ 1)),
                 kDropBadHeader)}),
      after(opening(), "ICMP that is for the next router or outdated is not translated",
            {ending(to_node("redirect", kRedirect, of_node(kAck)), kDropProtocol),
             ending(to_node("source quench", kQuench, of_node(kAck)), kDropProtocol)}),
  };
}

// The appliance's own connections, from a SNAT address that the kernel has, too.
std::vector<Case> kernel_cases() {
  const auto own = [](net::Ipv4Address address) {
    Frame sent = from_client(6443, kSyn);
    sent.source = address;
    sent.destination = kNode1;
    Step step = to_client("its own connection", kFragmentationNeeded, {sent, sent});
    step.in.destination = address;
    return step;
  };
  return {
      {"an ICMP error about the kernel's own connection by a shared SNAT address is the kernel's",
       {ending(own(kSnat), kToKernel)}},
      {"an ICMP error about another address of the kernel is the kernel's", {ending(own(kWanAddress), kToKernel)}},
      {"an ICMP error about no flow for a SNAT address of our own is dropped", {ending(own(kSnatOnly), kDropStray)}},
  };
}

}  // namespace

std::vector<Case> icmp_error_cases() {
  std::vector<Case> all;
  for (auto part : {translated_cases(), odd_cases(), stateless_cases(), dropped_cases(), kernel_cases()}) {
    for (auto& one : part) all.push_back(std::move(one));
  }
  return all;
}

}  // namespace sluice::cases
