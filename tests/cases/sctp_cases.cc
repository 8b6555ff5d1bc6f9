// SCTP that passes: associations, their ends, deliveries, fragments and ICMP errors.

#include "tests/cases/sctp_frames.h"

namespace sluice::cases {
namespace {

using enum dataplane::Verdict;
using namespace net;
using lb::Delivery;

constexpr std::size_t kIpv4Header = 20, kIpv6Header = 40;
const Change kLost{.signalling_backend = kBackend2, .backend1_state = lb::BackendState::kDown};
const Change kDrained{.signalling_backend = kBackend2, .backend1_is_drained = true};
const Change kElsewhere{.signalling_backend = kBackend2};

Step init() { return client_sends("INIT", kSctpInit); }
Step init_ack() { return node_sends("INIT ACK", kSctpInitAck); }
Step cookie_echo() { return client_sends("COOKIE ECHO", kSctpCookieEcho, "a cookie"); }
Step data() { return client_sends("DATA", kSctpData, "an odd number of bytes."); }
Step answer() { return node_sends("DATA comes back", kSctpData, "and what comes back"); }

Step elsewhere(Step step) {  // The same packet, served by node 2.
  step.out->to = kNode2Mac;
  step.out->destination = kNode2;
  return step;
}

Step wrong(Step step) {
  step.in.crc_wrong_by = step.out->crc_wrong_by = 0x00010080;
  return step;
}

// Both chunks in one packet (RFC 9260 6.10).
Step bundled(Step step) {
  step.in.more_chunks = step.out->more_chunks = chunk_bytes(kSctpData, "early");
  return step;
}

std::vector<Step> shut_down() {
  return {client_sends("SHUTDOWN", kSctpShutdown, "tsn."), node_sends("SHUTDOWN ACK", kSctpShutdownAck),
          client_sends("SHUTDOWN COMPLETE", kSctpShutdownComplete)};
}
std::vector<Step> then(std::vector<Step> steps, std::vector<Step> more) {
  steps.insert(steps.end(), more.begin(), more.end());
  return steps;
}

std::vector<Case> association_cases() {
  return {
      after_associating("an SCTP association is translated both ways", {data(), answer()}),
      {"a cookie with data behind it is translated", {init(), init_ack(), bundled(cookie_echo())}},
      after_associating("a wrong checksum of SCTP stays as wrong as it is", {wrong(data()), wrong(answer())}),
      after_associating("an SCTP association is shut down, and both hear of it", shut_down()),
      after_associating("an SCTP association is shut down by its node",
                        {node_sends("SHUTDOWN", kSctpShutdown, "tsn."), client_sends("SHUTDOWN ACK", kSctpShutdownAck),
                         node_sends("SHUTDOWN COMPLETE", kSctpShutdownComplete)}),
      after_associating("an SCTP association that is shut down is forgotten soon",
                        then(shut_down(), {aborted(later(data(), 12))})),
      after_associating("a new INIT takes the place of an SCTP association that is shut down",
                        then(shut_down(), {init(), init_ack()})),
      after_associating("a new INIT takes the place of an aborted SCTP association",
                        {node_sends("ABORT", kSctpAbort), init(), init_ack()}),
      after_associating("a new INIT of an open SCTP association goes to its node", {init(), init_ack(), data()}),
      after_associating("an SCTP association is kept while heartbeats come",
                        {later(client_sends("HEARTBEAT", kHeartbeat, "info"), 200), later(data(), 200), answer()}),
      after_associating("an SCTP association without heartbeats is forgotten", {aborted(later(data(), 215))}),
      after_associating("a false ABORT ends no SCTP association",
                        {client_sends("ABORT", kSctpAbort), data(), later(data(), 200), answer()}),
      {"an INIT that nobody answered is forgotten after five seconds", {init(), aborted(later(cookie_echo(), 7))}},
      {"a cookie that nobody took is forgotten after five seconds",
       {init(), init_ack(), cookie_echo(), aborted(later(data(), 7))}},
      after_associating("an SCTP association of a deleted service ends",
                        {aborted(with(data(), {.signalling_exists = false}))}),
  };
}

std::vector<Case> node_cases() {
  return {
      after_associating("an SCTP association stays with its node when Maglev would choose another one",
                        {with(data(), kElsewhere), answer()}),
      after_associating("an SCTP association goes on when its service has no usable node any more",
                        {with(data(), {.signalling_backend = lb::kNoBackend}), answer()}),
      {"a new SCTP association goes where the newest snapshot says", {with(elsewhere(init()), kElsewhere)}},
      {"an INIT without an answer moves when its node serves the service no more",
       {init(), with(elsewhere(init()), kElsewhere)}},
      {"an INIT that the node has answered stays with it: its cookie is of no use elsewhere",
       {init(), init_ack(), with(cookie_echo(), kElsewhere)}},
      after_associating("an SCTP association to a node that is lost is aborted, and the next one goes elsewhere",
                        {aborted(with(data(), kLost)), elsewhere(init())}),
      after_associating("an INIT in the place of an association to a lost node goes to another one",
                        {with(elsewhere(init()), kLost)}),
      after_associating("an ABORT of an association to a lost node ends with it",
                        {ending(with(client_sends("ABORT", kSctpAbort), kLost), kDropBackendGone)}),
      after_associating("an SCTP association stays no longer with a node than the drain deadline says",
                        {aborted(with(data(), kDrained)), elsewhere(init())}),
      after_associating("at the drain deadline the node of an SCTP association hears of it, too",
                        {ending(with(answer(), kDrained), kReplyAbort)}),
  };
}

Step by_dnat(Step step) {  // The client's own address and port stay.
  if (step.port == kWan) {
    step.out->source = kClient;
    step.out->source_port = step.in.source_port;
  } else {
    step.in.destination = kClient;
    step.in.destination_port = step.out->destination_port;
  }
  return step;
}
Step by_dsr(Step step) {
  step.out = step.in;
  step.out->to = kNode1Mac;
  step.out->from = kLanMac;
  step.out->ttl = 63;
  return step;
}
Case delivered(Delivery delivery, std::string name, std::vector<Step> steps) {
  for (Step& step : steps) step = delivery == Delivery::kDnat ? by_dnat(step) : by_dsr(step);
  steps.front().publish = Change{.delivery = delivery};
  return {std::string{lb::to_string(delivery)} + ": " + std::move(name), std::move(steps)};
}

std::vector<Case> delivery_cases_of_sctp() {
  return {
      delivered(Delivery::kDnat, "an SCTP association keeps its client's address",
                then(associated(), {data(), answer()})),
      delivered(Delivery::kDsr, "SCTP goes on as it came", {init(), cookie_echo(), data()}),
      delivered(Delivery::kDsr, "an SCTP association that we do not know may be an old one",
                {data(), later(data(), 55)}),
      delivered(Delivery::kDsr, "an SCTP association whose cookie was echoed is kept",
                {init(), cookie_echo(), later(data(), 200)}),
      delivered(Delivery::kDsr, "INIT after a one-way association begins anew",
                {init(), cookie_echo(), client_sends("SHUTDOWN ACK", kSctpShutdownAck), init(), cookie_echo()}),
  };
}

// Of 12 + 4 + 44 bytes.
constexpr Part kFirst{0, 24}, kSecond{24, 36, false};
Step cut(Step step, const Part& part) {
  step.in.part = part;
  if (step.out) step.out->part = part;
  return step;
}
Step long_data() { return client_sends("DATA", kSctpData, std::string(44, 'x')); }

std::vector<Case> fragment_cases_of_sctp() {
  const Step first = cut(long_data(), kFirst), second = cut(long_data(), kSecond);
  Case passing = delivered(Delivery::kDsr, "fragments of SCTP pass where no port changes", {init(), long_data()});
  const Step whole = passing.steps.back();
  passing.steps.back() = cut(whole, kFirst);
  passing.steps.push_back(cut(whole, kSecond));
  return {
      after_associating("no fragment of SCTP passes where a port changes: its checksum is over all of them",
                        {ending(first, kDropFragmentSctp), ending(second, kDropFragmentSctp), data()}),
      passing,
      after_associating("a first fragment of SCTP with less than a chunk's header is tiny",
                        {ending(cut(long_data(), {0, 8}), kDropFragmentTiny)}),
      {"nobody can tell whether a fragment out of the blue is whole: it is not answered", {ending(first, kDropNoFlow)}},
  };
}

// What a router says of a packet, whose TTL fell on its way.
Step error_about(Step sent, std::size_t quoted) {
  const bool from_client_side = sent.port == kLan;  // The error comes from where the packet went.
  const auto quote = [&](Frame around, Frame packet) {
    packet.ttl = 63;
    around.icmp = {3, 1};
    around.quoted = {std::move(packet)};
    around.quoted_max = quoted;
    return around;
  };
  const Frame at_wan{.to = kWanMac, .from = kRouterMac, .source = kClient, .destination = kVip};
  const Frame to_node1{.to = kNode1Mac, .from = kLanMac, .source = kLearned, .destination = kNode1, .ttl = 63};
  const Frame at_lan{.to = kLanMac, .from = kNode1Mac, .source = kNode1, .destination = kLearned};
  const Frame to_client1{.to = kRouterMac, .from = kWanMac, .source = kVip, .destination = kClient, .ttl = 63};
  if (from_client_side) {
    return forward("unreachable, of the client", quote(at_wan, *sent.out), quote(to_node1, sent.in));
  }
  return backward("unreachable, of the node", quote(at_lan, *sent.out), quote(to_client1, sent.in));
}

Step in_ipv6(Step step) {  // The type of "unreachable" there.
  for (Frame* frame : {&step.in, &*step.out}) {
    *frame = v6(*frame);
    frame->icmp = {1, 3};
  }
  return step;
}

std::vector<Case> error_cases_of_sctp() {
  std::vector<Step> v4 = associated(), of_v6 = associated();
  for (Step& step : of_v6) {
    step.in = v6(step.in);
    step.out = v6(*step.out);
  }
  for (const std::size_t quoted : {8, 12, 40}) {
    for (const Step& sent : {data(), answer()}) {
      v4.push_back(error_about(sent, kIpv4Header + quoted));
      of_v6.push_back(in_ipv6(error_about(sent, kIpv6Header + quoted)));
    }
  }
  return {{"an ICMP error about SCTP is translated, with as much as it quotes", v4},
          {"an ICMPv6 error about SCTP is translated, with as much as it quotes", of_v6}};
}

}  // namespace

std::vector<Case> sctp_cases() {
  return joined({of_both_families(association_cases()), node_cases(), delivery_cases_of_sctp(),
                 of_both_families(fragment_cases_of_sctp()), error_cases_of_sctp()});
}

}  // namespace sluice::cases
