#include "tests/cases/case.h"

namespace sluice::cases {
namespace {

using enum dataplane::Verdict;

Frame datagram(Frame frame, std::string payload) {
  frame.protocol = net::IpProtocol::kUdp;
  frame.payload = std::move(payload);
  return frame;
}

Step question(std::string what) {
  return {.what = std::move(what),
          .in = datagram(from_client(53, 0), "question"),
          .verdict = kToNode,
          .out = datagram(to_node(30053, 0), "question")};
}
Step answer(std::string what) {
  return {.what = std::move(what),
          .in = datagram(from_node(30053, 0), "answer"),
          .port = kLan,
          .verdict = kToClient,
          .out = datagram(to_client(53, 0), "answer"),
          .out_port = kWan};
}

Step moved(Step step) {
  step.publish = Change{.dns_backend = kBackend2};
  if (step.out && step.out_port == kLan) {
    step.out->to = kNode2Mac;
    step.out->destination = kNode2;
  }
  return step;
}

Step to_other(Step step, Change change) {
  change.dns_backend = kBackend2;
  step.publish = change;
  step.out->to = kNode2Mac;
  step.out->destination = kNode2;
  return step;
}

Step by_newest_routes(Step step) {
  step.publish = Change{.dns_backend = kBackend2, .next_hops_shifted = true};
  return step;
}

Step to_new_node_port(Step step) {
  step.publish = Change{.dns_node_port = 31053};
  step.out->destination_port = 31053;
  return step;
}

Step without_checksum(Step step) {
  step.in.udp_without_checksum = step.out->udp_without_checksum = true;
  return step;
}

}  // namespace

std::vector<Case> udp_cases() {
  return {
      {"a datagram and its answer are translated", {question("question"), answer("answer")}},
      {"a datagram without a checksum stays without one (RFC 768)",
       {without_checksum(question("question")), without_checksum(answer("answer"))}},
      {"a client's datagrams stay with one node", {question("one"), question("two"), answer("answer")}},
      {"a UDP flow moves when its node serves the service no more",
       {question("question"), answer("answer"), moved(question("the next question goes to node 2"))}},
      {"a late answer still reaches the client while its flow could move",
       {question("question"), moved(answer("late answer"))}},
      {"a late answer takes the way that the newest snapshot knows",
       {question("question"), by_newest_routes(answer("late answer"))}},
      {"a UDP flow moves when its node port changes",
       {question("question"), answer("answer"), to_new_node_port(question("the next question"))}},
      {"a datagram for a node that is lost goes to another one",
       {question("question"), answer("answer"),
        to_other(question("the next"), {.backend1_state = lb::BackendState::kDown})}},
      {"a datagram leaves its node at the drain deadline",
       {question("question"), answer("answer"), to_other(question("the next"), {.backend1_is_drained = true})}},
      {"a DNS flow is forgotten five seconds after its answer",
       {question("question"),
        answer("answer"),
        {.what = "much later",
         .in = datagram(from_node(30053, 0), "answer"),
         .port = kLan,
         .verdict = kToKernel,
         .seconds_later = 8}}},
  };
}

}  // namespace sluice::cases
