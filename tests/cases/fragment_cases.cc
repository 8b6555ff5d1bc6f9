#include "tests/cases/case.h"

namespace sluice::cases {
namespace {

using dataplane::Verdict;
using enum dataplane::Verdict;

// A datagram of 48 bytes, in three parts, and a TCP segment of 44, in two. Their payload differs from place to place.
constexpr Part kFirst{0, 16}, kSecond{16, 16}, kThird{32, 16, false};
constexpr Part kFirstOfTcp{0, 24}, kLastOfTcp{24, 20, false};
const std::string kPayload = "forty bytes, which differ at every place";
const std::string kData = "and these are twenty-four";

struct Family {
  std::string name;
  net::IpAddress client, vip, node;
};
const Family kV4{"IPv4", kClient, kVip, kNode1};
const Family kV6{"IPv6", kClient6, kVip6, kNode1V6};

Frame of(const Family& family, Frame frame) {
  if (family.client.is_v6()) frame = v6(std::move(frame));
  return frame;
}
Frame datagram(Frame frame) {
  frame.protocol = net::IpProtocol::kUdp;
  frame.payload = kPayload;
  return frame;
}
Frame cut(Frame frame, const Part& part) {
  frame.part = part;
  return frame;
}

// The same packet before and behind us, of which parts come.
struct Way {
  Frame in, out;
  std::uint16_t port;
  Verdict sent;
};
Way way_there(const Family& family) {
  return {of(family, datagram(from_client(53, 0))), of(family, datagram(to_node(30053, 0))), kWan, kToNode};
}
Way way_back(const Family& family) {
  return {of(family, datagram(from_node(30053, 0))), of(family, datagram(to_client(53, 0))), kLan, kToClient};
}
Way of_tcp(const Family& family) {
  Way way{of(family, from_client(80, net::kTcpSyn)), of(family, to_node(30080, net::kTcpSyn)), kWan, kToNode};
  way.in.payload = way.out.payload = kData;
  return way;
}

Step passes(const Way& way, std::string what, const Part& part) {
  return {.what = std::move(what),
          .in = cut(way.in, part),
          .port = way.port,
          .verdict = way.sent,
          .out = cut(way.out, part),
          .out_port = way.port == kWan ? kLan : kWan};
}
Step ends(const Way& way, std::string what, const Part& part, Verdict verdict) {
  return {.what = std::move(what), .in = cut(way.in, part), .port = way.port, .verdict = verdict};
}
Step held(const Way& way, std::string what, const Part& part) { return ends(way, std::move(what), part, kHeld); }
Resumed follows(const Way& way, const Part& part) { return {way.sent, cut(way.out, part)}; }
Step with(Step step, std::vector<Resumed> resumed) {
  step.resumed = std::move(resumed);
  return step;
}

std::vector<Case> translated_cases(const Family& family) {
  const Way there = way_there(family), back = way_back(family), tcp = of_tcp(family);
  const std::string of_family = " (" + family.name + ")";
  return {
      {"a datagram and its answer pass in fragments" + of_family,
       {passes(there, "first", kFirst), passes(there, "second", kSecond), passes(there, "third", kThird),
        passes(back, "first", kFirst), passes(back, "second", kSecond), passes(back, "third", kThird)}},
      {"fragments that come before the first wait for it" + of_family,
       {held(there, "third", kThird), held(there, "second", kSecond),
        with(passes(there, "first", kFirst), {follows(there, kThird), follows(there, kSecond)}),
        held(back, "second", kSecond), with(passes(back, "first", kFirst), {follows(back, kSecond)}),
        passes(back, "third", kThird)}},
      {"a TCP segment passes in fragments" + of_family,
       {held(tcp, "last", kLastOfTcp), with(passes(tcp, "first", kFirstOfTcp), {follows(tcp, kLastOfTcp)})}},
      {"an identification is free again when its packet is whole" + of_family,
       {passes(there, "first", kFirst), passes(there, "second", kSecond), passes(there, "third", kThird),
        passes(there, "first again", kFirst), passes(there, "second again", kSecond)}},
      {"a fragment that comes twice passes once" + of_family,
       {passes(there, "first", kFirst), ends(there, "first again", kFirst, kDropFragmentOverlap),
        passes(there, "second", kSecond), ends(there, "second again", kSecond, kDropFragmentOverlap),
        passes(there, "third", kThird)}},
  };
}

std::vector<Case> dropped_cases(const Family& family) {
  const Way there = way_there(family), tcp = of_tcp(family);
  const std::string of_family = " (" + family.name + ")";
  const Resumed alone{kDropFragmentAlone}, poisoned{kDropFragmentPoisoned};
  return {
      {"a fragment that overlaps another poisons its datagram" + of_family,
       {passes(there, "first", kFirst), ends(there, "8 to 24", {8, 16}, kDropFragmentOverlap),
        ends(there, "third", kThird, kDropFragmentPoisoned)}},
      {"poison ends those that wait, too" + of_family,
       {held(there, "third", kThird), with(ends(there, "24 to 40", {24, 16}, kDropFragmentOverlap), {poisoned}),
        ends(there, "first", kFirst, kDropFragmentPoisoned)}},
      {"a fragment behind the last one contradicts it" + of_family,
       {passes(there, "first", kFirst), passes(there, "last", {24, 4, false}),
        ends(there, "behind it", kThird, kDropFragmentOverlap)}},
      {"a last fragment in front of another contradicts it" + of_family,
       {passes(there, "first", kFirst), passes(there, "third", {32, 16}),
        ends(there, "last", {16, 16, false}, kDropFragmentOverlap)}},
      {"poison is over in time" + of_family,
       {ends(tcp, "first", {0, 16}, kDropFragmentTiny), ends(tcp, "last", kLastOfTcp, kDropFragmentPoisoned),
        later(passes(tcp, "first", kFirstOfTcp), 2)}},
      {"a TCP header does not go in two" + of_family,
       {ends(tcp, "half a header", {0, 16}, kDropFragmentTiny), ends(tcp, "last", kLastOfTcp, kDropFragmentPoisoned)}},
      {"a fragment does not begin inside a TCP header" + of_family,
       {passes(tcp, "first", kFirstOfTcp), ends(tcp, "its flags again", {8, 16}, kDropFragmentTiny)}},
      {"a fragment that does not end between words is none" + of_family,
       {ends(there, "12 bytes", {0, 12}, kDropFragmentLength)}},
      {"a fragment of nothing is none" + of_family,
       {ends(there, "second", {16, 0}, kDropFragmentLength), ends(there, "first", kFirst, kDropFragmentPoisoned)}},
      {"a fragment does not end behind all packets" + of_family,
       {ends(there, "65,544 bytes", {65'528, 16, false}, kDropFragmentLength)}},
      {"a fragment without a first one is given up" + of_family,
       {held(there, "third", kThird), with(later(passes(there, "first", kFirst), 2), {alone}),
        passes(there, "second", kSecond)}},
  };
}

std::vector<Case> crowded_cases() {
  const Way there = way_there(kV4);
  std::vector<Step> steps;
  for (std::size_t i = 0; i < 64; ++i) steps.push_back(passes(there, std::to_string(i), {8 * i, 8}));
  steps.push_back(ends(there, "one more", {512, 8}, kDropFragmentsFull));
  return {{"a packet has 64 fragments at most", steps}};
}

Way to(Way way, net::IpAddress destination, std::uint16_t port) {
  way.in.destination = destination;
  way.in.destination_port = port;
  return way;
}
Step with_ttl(Step step, std::uint8_t ttl) {
  step.in.ttl = ttl;
  return step;
}

std::vector<Case> other_cases() {
  const Way there = way_there(kV4), back = way_back(kV4);
  const Way not_admitted = to(of_tcp(kV4), kVip, 8080), ours = to(there, kSnatOnly, 81), shared = to(there, kSnat, 81);
  return {
      {"later fragments of a packet that opened no flow are dropped",
       {ends(not_admitted, "first", kFirstOfTcp, kDropSourceRange),
        ends(not_admitted, "last", kLastOfTcp, kDropFragment)}},
      {"fragments for a SNAT address of our own without a flow are dropped",
       {ends(ours, "first", kFirst, kDropStray), ends(ours, "second", kSecond, kDropFragment)}},
      {"fragments for a SNAT address that the kernel shares are the kernel's without a flow",
       {held(shared, "third", kThird), with(ends(shared, "first", kFirst, kToKernel), {{kToKernel}})}},
      {"a later fragment's time to live may end here",
       {passes(there, "first", kFirst), with_ttl(ends(there, "second", kSecond, kDropTtl), 1)}},
      {"a later fragment may be too big for its way out",
       {passes(there, "first", kFirst), passes(there, "second", kSecond), passes(there, "third", kThird),
        passes(back, "first", kFirst), ends(back, "second", {16, 1488}, kDropTooBig)}},
      {"fragments of two datagrams do not mix",
       {passes(there, "first", kFirst),
        [&] {
          Step other = held(there, "second of another", kSecond);
          other.in.identification = 4712;
          return other;
        }()}},
  };
}

}  // namespace

std::vector<Case> fragment_cases() {
  return joined({translated_cases(kV4), translated_cases(kV6), dropped_cases(kV4), dropped_cases(kV6), crowded_cases(),
                 other_cases()});
}

}  // namespace sluice::cases
