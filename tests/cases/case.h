#pragma once
// A packet case: packets in their order, and what must become of each. One table for all engines.
//
// A new feature of the packet path starts as a row here. `name` is a sentence; every verdict must have a case (a test
// counts). Where the engine chooses (SNAT address and port), frames say kLearned and 0: filled in from the last packet
// that went to a node.

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/verdict.h"
#include "tests/cases/wire.h"
#include "tests/cases/world.h"

namespace sluice::cases {

inline const net::IpAddress kLearned{};  // 0.0.0.0, of whatever family

// A fragment that had come before, was held, and leaves now.
struct Resumed {
  dataplane::Verdict verdict{};
  std::optional<Frame> out = std::nullopt;
};

struct Step {
  std::string what;
  Frame in = {};
  Bytes raw_in = {};  // Counts instead of `in` if it is not empty.
  std::uint16_t port = kWan;
  dataplane::Verdict verdict{};
  std::optional<Frame> out = std::nullopt;  // The whole frame that leaves, byte by byte.
  Bytes raw_out = {};                       // The same for what is not TCP or UDP.
  std::uint16_t out_port = kLan;
  unsigned seconds_later = 0;                    // The clock moves on before this packet, and idle flows expire.
  std::optional<Change> publish = std::nullopt;  // A snapshot is published before this packet.
  std::vector<Resumed> resumed = {};             // What leaves with this packet or while the clock moved on, in order.
};

struct Case {
  std::string name;
  std::vector<Step> steps;
};

std::vector<Case> tcp_cases();
std::vector<Case> udp_cases();
std::vector<Case> answer_cases();
std::vector<Case> refused_cases();
std::vector<Case> refusal_cases();
std::vector<Case> ipv6_cases();
std::vector<Case> icmp_error_cases();
std::vector<Case> too_big_cases();
std::vector<Case> delivery_cases();
std::vector<Case> fragment_cases();
std::vector<Case> limit_cases();
std::vector<Case> sctp_cases();
std::vector<Case> sctp_refusal_cases();
std::vector<Case> all_cases();
std::vector<Case> joined(std::initializer_list<std::vector<Case>> parts);

// Frames that many cases begin with.
Frame from_client(std::uint16_t port, std::uint8_t flags);     // client:40000 → VIP:port, at the wan port
Frame to_node(std::uint16_t node_port, std::uint8_t flags);    // What becomes of it, for node 1.
Frame from_node(std::uint16_t node_port, std::uint8_t flags);  // node 1 → SNAT address
Frame to_client(std::uint16_t port, std::uint8_t flags);       // What becomes of that.

Frame v6(Frame frame);  // The same between the IPv6 addresses of the same hosts.

// A packet from a client at the wan port that goes on to a node, and one from a node that goes on to a client.
Step forward(std::string what, Frame in, Frame out);
Step backward(std::string what, Frame in, Frame out);
// The same step, but so much later; after this change of the world; dropped or refused so, and nothing leaves.
Step later(Step step, unsigned seconds);
Step with(Step step, const Change& change);
Step ending(Step step, dataplane::Verdict verdict);

}  // namespace sluice::cases
