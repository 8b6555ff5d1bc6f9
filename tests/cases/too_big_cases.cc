#include "tests/cases/case.h"

namespace sluice::cases {
namespace {

using enum dataplane::Verdict;

constexpr std::uint16_t kDontFragment = 0x4000;
constexpr std::uint8_t kSyn = net::kTcpSyn, kAck = net::kTcpAck, kSynAck = net::kTcpSyn | net::kTcpAck;

struct Family {
  net::IpAddress client, vip, node;
  Icmp too_big;
  std::size_t headers;     // Of IP and TCP.
  std::size_t quoted_max;  // RFC 1812 4.3.2.3, RFC 4443 2.4 (c)
  std::uint16_t fragment;
};
const Family kV4{kClient, kVip, kNode1, {3, 4}, 40, 548, kDontFragment};
const Family kV6{kClient6, kVip6, kNode1V6, {2, 0}, 60, 1232, 0};

Frame of(const Family& family, Frame frame) {
  if (family.client.is_v6()) frame = v6(std::move(frame));
  frame.fragment = family.fragment;
  return frame;
}
Frame of_size(const Family& family, Frame frame, std::size_t ip_packet) {
  frame.payload.assign(ip_packet - family.headers, 'x');
  return frame;
}

Step forward(const Family& family, std::string what, std::uint8_t flags, std::size_t size) {
  return {.what = std::move(what),
          .in = of_size(family, of(family, from_client(80, flags)), size),
          .verdict = kToNode,
          .out = of_size(family, of(family, to_node(30080, flags)), size)};
}
Step backward(const Family& family, std::string what, std::uint8_t flags, std::size_t size) {
  return {.what = std::move(what),
          .in = of_size(family, of(family, from_node(30080, flags)), size),
          .port = kLan,
          .verdict = kToClient,
          .out = of_size(family, of(family, to_client(80, flags)), size),
          .out_port = kWan};
}

// The sender hears of the MTU from the address that its packet was for.
Step refused(const Family& family, Step step, std::uint16_t mtu) {
  Frame answer{.to = step.in.from,
               .from = step.in.to,
               .source = step.in.destination,
               .destination = step.in.source,
               .fragment = kDontFragment,
               .identification = 0};
  answer.icmp = family.too_big;
  answer.icmp.rest = mtu;
  answer.quoted = {step.in};
  answer.quoted_max = family.quoted_max;
  step.verdict = kReplyTooBig;
  step.out = std::move(answer);
  step.out_port = step.port;
  return step;
}
Step dropped(Step step) {
  step.in.fragment = 0;
  step.verdict = kDropTooBig;
  step.out.reset();
  return step;
}
Step after_an_hour(Step step) {
  step.seconds_later = 3600;
  return step;
}

std::vector<Step> opened(const Family& family, std::vector<Step> rest) {
  std::vector<Step> steps{forward(family, "SYN", kSyn, family.headers),
                          backward(family, "SYN+ACK", kSynAck, family.headers),
                          forward(family, "ACK", kAck, family.headers)};
  for (Step& step : rest) steps.push_back(std::move(step));
  return steps;
}

Case both_ways(const Family& family, std::string name) {
  return {std::move(name), opened(family, {backward(family, "fits", kAck, kWanMtu),
                                           refused(family, backward(family, "one more", kAck, kWanMtu + 1), kWanMtu),
                                           forward(family, "fits", kAck, kLanMtu),
                                           refused(family, forward(family, "one more", kAck, kLanMtu + 1), kLanMtu)})};
}

Case changes_nothing(const Family& family, std::string name) {
  constexpr std::uint8_t kFinAck = net::kTcpFin | net::kTcpAck;
  const Step fin = refused(family, backward(family, "FIN with data", kFinAck, kWanMtu + 1), kWanMtu);
  const Step data = after_an_hour(backward(family, "data", kAck, 1000));
  return {std::move(name), opened(family, {fin, data})};
}

}  // namespace

std::vector<Case> too_big_cases() {
  const Step syn = refused(kV4, forward(kV4, "SYN with data", kSyn, kLanMtu + 1), kLanMtu);
  const Step none{.what = "ACK", .in = from_client(80, kAck), .verdict = kReplyReset};
  return {
      both_ways(kV4, "a packet too big for its way out is answered with the MTU"),
      both_ways(kV6, "an IPv6 packet too big for its way out is answered with the MTU"),
      {"a packet too big that may be fragmented is dropped",
       opened(kV4, {dropped(backward(kV4, "no DF", kAck, kWanMtu + 1))})},
      changes_nothing(kV4, "a packet too big closes no connection"),
      changes_nothing(kV6, "an IPv6 packet too big closes no connection"),
      {"a packet too big opens no connection", {syn, none}},
  };
}

}  // namespace sluice::cases
