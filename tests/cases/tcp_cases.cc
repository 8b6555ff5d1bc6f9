#include "tests/cases/case.h"

namespace sluice::cases {
namespace {

using dataplane::Verdict;
using enum dataplane::Verdict;
constexpr auto kSyn = net::kTcpSyn, kAck = net::kTcpAck, kRst = net::kTcpRst;
constexpr std::uint8_t kSynAck = net::kTcpSyn | net::kTcpAck, kFinAck = net::kTcpFin | net::kTcpAck;

Step client(std::string what, std::uint8_t flags) {
  return {.what = std::move(what), .in = from_client(80, flags), .verdict = kToNode, .out = to_node(30080, flags)};
}
Step node(std::string what, std::uint8_t flags) {
  return {.what = std::move(what),
          .in = from_node(30080, flags),
          .port = kLan,
          .verdict = kToClient,
          .out = to_client(80, flags),
          .out_port = kWan};
}
Step with(Step step, unsigned seconds_later) {
  step.seconds_later = seconds_later;
  return step;
}

Step with_payload(Step step, std::string payload) {
  step.in.payload = payload;
  if (step.out) step.out->payload = std::move(payload);
  return step;
}

std::vector<Step> opened() { return {client("SYN", kSyn), node("SYN+ACK", kSynAck), client("ACK", kAck)}; }

Case after_opening(std::string name, std::vector<Step> rest) {
  Case made{std::move(name), opened()};
  for (auto& step : rest) made.steps.push_back(std::move(step));
  return made;
}

const Change kLost{.http_backend = kBackend2, .backend1_state = lb::BackendState::kDown};
const Change kDrained{.http_backend = kBackend2, .backend1_is_drained = true};

Step elsewhere(Step step) {  // The same packet, served by node 2.
  step.out->to = kNode2Mac;
  step.out->destination = kNode2;
  return step;
}

Step by_neighbour(Step step) {
  step.in.from = kNeighbourMac;
  step.in.source = kNeighbour;
  return step;
}

Case client_on_the_link() {
  Step syn = by_neighbour(client("SYN from the link itself", kSyn));
  Step answer = node("SYN+ACK goes to the MAC address that the SYN came from", kSynAck);
  answer.out->to = kNeighbourMac;
  answer.out->destination = kNeighbour;
  return {"a client on our own link is answered without a router", {syn, answer}};
}

Step expired(Step step) {
  step.in.ttl = 1;
  return ending(std::move(step), kDropTtl);  // The buffer has no room to say so.
}

Case with_options() {
  Step syn = client("SYN behind a header of 24 bytes", kSyn);
  syn.in.ip_options = syn.out->ip_options = {1, 1, 1, 0};
  return {"IPv4 options stay where they are", {syn}};
}

}  // namespace

std::vector<Case> tcp_cases() {
  const Step data = with_payload(client("data", kAck), "GET / HTTP/1.1\r\n\r\n");
  const Step answer = with_payload(node("an odd number of bytes comes back", kAck), "hello");
  return {
      after_opening("a connection is translated both ways", {data, answer}),
      after_opening("a connection is closed by both sides, and both hear of it",
                    {client("FIN", kFinAck), node("FIN", kFinAck), client("last ACK", kAck)}),
      after_opening("an established connection is kept for two hours of silence", {with(data, 2 * 3600)}),
      {"a SYN that nobody answered is forgotten after five seconds",
       {client("SYN", kSyn), ending(with(client("ACK", kAck), 7), kReplyReset)}},
      after_opening("a closed connection is forgotten soon", {client("FIN", kFinAck), node("FIN", kFinAck),
                                                              ending(with(client("late", kAck), 12), kReplyReset)}),
      after_opening("a reset reaches the client", {node("RST", kRst)}),
      after_opening("what ends here neither closes nor resets a connection",
                    {expired(client("FIN", kFinAck)), expired(node("FIN", kFinAck)), expired(client("RST", kRst)),
                     with(data, 3600), answer}),
      after_opening(
          "a new SYN takes the place of a closed connection",
          {client("FIN", kFinAck), node("FIN", kFinAck), client("SYN again", kSyn), node("SYN+ACK", kSynAck)}),
      after_opening("a connection stays with its node when Maglev would choose another one",
                    {with(data, Change{.http_backend = kBackend2}), answer}),
      after_opening("a connection goes on when its service has no usable node any more",
                    {with(data, Change{.http_backend = lb::kNoBackend}), answer}),
      {"a new connection goes where the newest snapshot says",
       {with(elsewhere(client("SYN", kSyn)), Change{.http_backend = kBackend2})}},
      after_opening("a connection of a deleted service ends",
                    {ending(with(client("data", kAck), Change{.http_exists = false}), kReplyReset)}),
      after_opening("answers of a deleted service end, too",
                    {ending(with(node("data", kAck), Change{.http_exists = false}), kToKernel)}),
      after_opening("a connection to a node that is lost is reset, and the next one goes elsewhere",
                    {ending(with(client("data", kAck), kLost), kReplyReset), elsewhere(client("SYN", kSyn))}),
      after_opening(
          "a reset of a connection to a lost node ends with it, and nobody is told",
          {ending(with(client("RST", kRst), kLost), kDropBackendGone), ending(client("data", kAck), kReplyReset)}),
      after_opening("a node that was lost for no more than a while goes on",
                    {with(node("data", kAck), kLost), with(client("data", kAck), Change{})}),
      after_opening("a connection stays no longer with a node than the drain deadline says: the client hears of it",
                    {ending(with(client("data", kAck), kDrained), kReplyReset), elsewhere(client("SYN", kSyn))}),
      after_opening(
          "at the drain deadline the node hears of it, too",
          {ending(with(node("data", kAck), kDrained), kReplyReset), ending(client("data", kAck), kReplyReset)}),
      {"a SYN without an answer moves when its node serves the service no more",
       {client("SYN", kSyn), with(elsewhere(client("SYN again", kSyn)), Change{.http_backend = kBackend2})}},
      {"a SYN that its node, lost by now, did not answer goes to another one",
       {client("SYN", kSyn), with(elsewhere(client("SYN again", kSyn)), kLost)}},
      after_opening("a new connection from the port of one with a lost node goes to another one",
                    {with(elsewhere(client("SYN", kSyn)), kLost)}),
      after_opening("a new connection from the port of one that is to end by now goes to another node",
                    {with(elsewhere(client("SYN", kSyn)), kDrained)}),
      {"a handshake that the node has answered stays with it",
       {client("SYN", kSyn), node("SYN+ACK", kSynAck), with(client("ACK", kAck), Change{.http_backend = kBackend2})}},
      {"a repeated SYN belongs to the same flow", {client("SYN", kSyn), client("SYN again", kSyn)}},
      {"data in a SYN is carried", {with_payload(client("SYN with data", kSyn), "early")}},
      client_on_the_link(),
      with_options(),
  };
}

}  // namespace sluice::cases
