// The deliveries that leave the client's address as it is: dnat (nodes answer through us) and dsr (past us).

#include "tests/cases/case.h"

namespace sluice::cases {
namespace {

using enum dataplane::Verdict;
using lb::Delivery;
constexpr auto kSyn = net::kTcpSyn, kAck = net::kTcpAck, kRst = net::kTcpRst;
constexpr std::uint8_t kSynAck = net::kTcpSyn | net::kTcpAck, kFinAck = net::kTcpFin | net::kTcpAck;

constexpr std::uint16_t kClientPort = 40'000;

Frame datagram(Frame frame) {
  frame.protocol = net::IpProtocol::kUdp;
  frame.payload = "odd";
  return frame;
}
Frame from_itself(Frame frame) {  // What leaves has the client's own address and port.
  frame.source = kClient;
  frame.source_port = kClientPort;
  return frame;
}
Frame to_itself(Frame frame) {
  frame.destination = kClient;
  frame.destination_port = kClientPort;
  return frame;
}
// The packet as it came, on the node's wire.
Frame unchanged(Frame frame) {
  frame.to = kNode1Mac;
  frame.from = kLanMac;
  frame.ttl = 63;
  return frame;
}

Step dnat_client(std::string what, std::uint8_t flags) {
  return forward(std::move(what), from_client(80, flags), from_itself(to_node(30080, flags)));
}
Step dnat_node(std::string what, std::uint8_t flags) {
  return backward(std::move(what), to_itself(from_node(30080, flags)), to_client(80, flags));
}
Step dsr_client(std::string what, std::uint8_t flags) {
  return forward(std::move(what), from_client(80, flags), unchanged(from_client(80, flags)));
}
// A node whose way back leads through us answers from the VIP.
Step dsr_node(std::string what, std::uint8_t flags) {
  Frame answer = to_client(80, flags);
  answer.to = kLanMac;
  answer.from = kNode1Mac;
  answer.ttl = 64;
  return backward(std::move(what), answer, to_client(80, flags));
}
Step moved(Step step) {  // To node 2.
  step.out->to = kNode2Mac;
  if (step.out->destination == net::IpAddress{kNode1}) step.out->destination = kNode2;
  return step;
}

// The first step publishes a world in which all services are delivered so.
Case delivered(Delivery delivery, std::string name, std::vector<Step> steps) {
  Change change = steps.front().publish.value_or(Change{});
  change.delivery = delivery;
  steps.front().publish = change;
  return {std::string{lb::to_string(delivery)} + ": " + std::move(name), std::move(steps)};
}

// A neighbour of the nodes: they would answer it past us.
Frame by_neighbour_of_nodes(Frame frame) {
  frame.from = kNode2Mac;
  frame.to = kLanMac;
  frame.source = kNode2;
  return frame;
}
Case hairpin() {
  Step syn = forward("SYN of node 2", by_neighbour_of_nodes(from_client(80, kSyn)), to_node(30080, kSyn));
  syn.port = kLan;
  Step answer = backward("SYN+ACK", from_node(30080, kSynAck), to_client(80, kSynAck));
  answer.out->to = kNode2Mac;
  answer.out->from = kLanMac;
  answer.out->destination = kNode2;
  answer.out_port = kLan;
  return delivered(Delivery::kDnat, "a client beside the nodes gets a SNAT address that brings the answer back",
                   {syn, answer});
}

std::vector<Case> dnat_cases() {
  const Step question = forward("question", datagram(from_client(53, 0)), datagram(from_itself(to_node(30053, 0))));
  const Step answer = backward("answer", datagram(to_itself(from_node(30053, 0))), datagram(to_client(53, 0)));
  const auto itself6 = [](Frame frame) {
    frame.source = kClient6;
    frame.source_port = kClientPort;
    return frame;
  };
  Frame answer6 = v6(from_node(30080, kSynAck));
  answer6.destination = kClient6;
  answer6.destination_port = kClientPort;
  return {
      delivered(Delivery::kDnat, "the node sees the client's own address, both ways",
                {dnat_client("SYN", kSyn), dnat_node("SYN+ACK", kSynAck), dnat_client("ACK", kAck),
                 dnat_node("data", kAck), later(dnat_client("much later", kAck), 2 * 3600)}),
      delivered(Delivery::kDnat, "a datagram and its answer", {question, answer}),
      delivered(Delivery::kDnat, "the same in IPv6",
                {forward("SYN", v6(from_client(80, kSyn)), itself6(v6(to_node(30080, kSyn)))),
                 backward("SYN+ACK", answer6, v6(to_client(80, kSynAck)))}),
      delivered(
          Delivery::kDnat, "a datagram moves when its node serves the service no more",
          {question, answer, with(moved(question), Change{.dns_backend = kBackend2, .delivery = Delivery::kDnat})}),
      delivered(Delivery::kDnat, "what no flow has asked for is the kernel's",
                {ending(dnat_node("stray", kAck), kToKernel)}),
      delivered(Delivery::kDnat, "a segment that opens no connection is refused",
                {ending(dnat_client("ACK", kAck), kReplyReset)}),
      delivered(Delivery::kDnat, "a connection goes on when its service is delivered in another way from now on",
                {dnat_client("SYN", kSyn), dnat_node("SYN+ACK", kSynAck), dnat_client("ACK", kAck),
                 with(dnat_node("data", kAck), Change{}), dnat_client("data", kAck)}),
      delivered(Delivery::kDnat, "a new connection of the same port takes the way back of an older one",
                {dnat_client("SYN", kSyn), dnat_node("SYN+ACK", kSynAck), dnat_client("ACK", kAck),
                 dnat_client("RST", kRst), dnat_client("SYN again", kSyn), dnat_node("SYN+ACK", kSynAck)}),
      hairpin(),
  };
}

std::vector<Case> dsr_cases() {
  const Frame question = datagram(from_client(53, 0));
  return {
      delivered(Delivery::kDsr, "the node gets the packet as it came",
                {dsr_client("SYN", kSyn), dsr_client("ACK", kAck), later(dsr_client("much later", kAck), 2 * 3600)}),
      delivered(Delivery::kDsr, "an answer that comes by all the same goes on unchanged",
                {dsr_client("SYN", kSyn), dsr_node("SYN+ACK", kSynAck), dsr_client("ACK", kAck)}),
      delivered(Delivery::kDsr, "a datagram without a checksum stays without one, another keeps its own",
                {forward("question", question, unchanged(question))}),
      delivered(Delivery::kDsr, "the same in IPv6",
                {forward("SYN", v6(from_client(80, kSyn)), unchanged(v6(from_client(80, kSyn))))}),
      delivered(Delivery::kDsr, "a connection that is older than our memory goes where a new one would",
                {dsr_client("ACK", kAck), dsr_client("FIN", kFinAck)}),
      delivered(Delivery::kDsr, "a connection stays with its node when Maglev would choose another one",
                {dsr_client("SYN", kSyn), dsr_client("ACK", kAck),
                 with(dsr_client("data", kAck), Change{.http_backend = kBackend2, .delivery = Delivery::kDsr})}),
      delivered(Delivery::kDsr, "a handshake that nobody went on with moves",
                {dsr_client("SYN", kSyn), with(moved(dsr_client("SYN again", kSyn)),
                                               Change{.http_backend = kBackend2, .delivery = Delivery::kDsr})}),
      delivered(Delivery::kDsr, "a datagram stays when another snapshot says the same of its service",
                {forward("one", question, unchanged(question)),
                 with(forward("two", question, unchanged(question)), Change{.delivery = Delivery::kDsr})}),
      delivered(Delivery::kDsr, "a new SYN takes the place of a closed connection",
                {dsr_client("SYN", kSyn), dsr_client("ACK", kAck), dsr_client("FIN", kFinAck),
                 with(moved(dsr_client("SYN", kSyn)), Change{.http_backend = kBackend2, .delivery = Delivery::kDsr})}),
      delivered(Delivery::kDsr, "a closed connection is forgotten after two minutes",
                {dsr_client("SYN", kSyn), dsr_client("FIN", kFinAck), later(dsr_client("last ACK", kAck), 100),
                 later(with(moved(dsr_client("another ACK", kAck)),
                            Change{.http_backend = kBackend2, .delivery = Delivery::kDsr}),
                       125)}),
      delivered(Delivery::kDsr, "a node behind a router cannot have it",
                {with(ending(dsr_client("SYN", kSyn), kDropNotNeighbour), Change{.backend1_is_neighbour = false})}),
      delivered(Delivery::kDsr, "a service without a usable node refuses",
                {with(ending(dsr_client("SYN", kSyn), kReplyReset), Change{.http_backend = lb::kNoBackend})}),
  };
}

}  // namespace

std::vector<Case> delivery_cases() { return joined({dnat_cases(), dsr_cases()}); }

}  // namespace sluice::cases
