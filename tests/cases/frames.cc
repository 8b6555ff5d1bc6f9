#include "tests/cases/case.h"

namespace sluice::cases {

Frame from_client(std::uint16_t port, std::uint8_t flags) {
  return {.to = kWanMac,
          .from = kRouterMac,
          .source = kClient,
          .destination = kVip,
          .source_port = 40'000,
          .destination_port = port,
          .tcp_flags = flags};
}

Frame to_node(std::uint16_t node_port, std::uint8_t flags) {
  return {.to = kNode1Mac,
          .from = kLanMac,
          .source = kLearned,
          .destination = kNode1,
          .source_port = 0,
          .destination_port = node_port,
          .tcp_flags = flags,
          .ttl = 63};
}

Frame from_node(std::uint16_t node_port, std::uint8_t flags) {
  return {.to = kLanMac,
          .from = kNode1Mac,
          .source = kNode1,
          .destination = kLearned,
          .source_port = node_port,
          .destination_port = 0,
          .tcp_flags = flags};
}

Frame to_client(std::uint16_t port, std::uint8_t flags) {
  return {.to = kRouterMac,
          .from = kWanMac,
          .source = kVip,
          .destination = kClient,
          .source_port = port,
          .destination_port = 40'000,
          .tcp_flags = flags,
          .ttl = 63};
}

Frame v6(Frame frame) {
  for (net::IpAddress* address : {&frame.source, &frame.destination}) {
    if (*address == net::IpAddress{kClient}) *address = kClient6;
    if (*address == net::IpAddress{kVip}) *address = kVip6;
    if (*address == net::IpAddress{kNode1}) *address = kNode1V6;
  }
  for (Frame& quoted : frame.quoted) quoted = v6(quoted);
  return frame;
}

Step forward(std::string what, Frame in, Frame out) {
  return {.what = std::move(what), .in = std::move(in), .verdict = dataplane::Verdict::kToNode, .out = std::move(out)};
}
Step backward(std::string what, Frame in, Frame out) {
  return {.what = std::move(what),
          .in = std::move(in),
          .port = kLan,
          .verdict = dataplane::Verdict::kToClient,
          .out = std::move(out),
          .out_port = kWan};
}

Step later(Step step, unsigned seconds) {
  step.seconds_later = seconds;
  return step;
}

Step with(Step step, const Change& change) {
  step.publish = change;
  return step;
}

Step ending(Step step, dataplane::Verdict verdict) {
  step.verdict = verdict;
  step.out.reset();
  return step;
}

std::vector<Case> joined(std::initializer_list<std::vector<Case>> parts) {
  std::vector<Case> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::vector<Case> all_cases() {
  return joined({tcp_cases(), udp_cases(), answer_cases(), refused_cases(), refusal_cases(), ipv6_cases(),
                 icmp_error_cases(), too_big_cases(), delivery_cases(), fragment_cases(), limit_cases(), sctp_cases(),
                 sctp_refusal_cases()});
}

}  // namespace sluice::cases
