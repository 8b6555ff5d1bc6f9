#include "tests/cases/sctp_frames.h"

#include <utility>

namespace sluice::cases {
namespace {

void append_number(std::string& text, std::uint32_t number, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) text += static_cast<char>(number >> 8 * i);
}

// Only an INIT has no tag, and what opens an association says which one it wants.
Frame as_chunk(Frame frame, std::uint8_t type, std::string value, std::uint32_t own_tag, std::uint32_t peer_tag) {
  const bool opens = type == net::kSctpInit || type == net::kSctpInitAck;
  frame.protocol = net::IpProtocol::kSctp;
  frame.chunk = type;
  frame.tag = type == net::kSctpInit ? 0 : peer_tag;
  frame.payload = opens && value.empty() ? init_value(own_tag) : std::move(value);
  return frame;
}

}  // namespace

std::string init_value(std::uint32_t initiate_tag) {
  std::string value;
  append_number(value, initiate_tag, 4);
  append_number(value, 106'496, 4);  // Window.
  append_number(value, 10, 2);       // Streams.
  append_number(value, 10, 2);
  append_number(value, 1, 4);  // TSN.
  return value;
}

std::string chunk_bytes(std::uint8_t type, const std::string& value) {
  std::string bytes;
  bytes += static_cast<char>(type);
  bytes += '\0';
  append_number(bytes, static_cast<std::uint32_t>(4 + value.size()), 2);
  bytes += value;
  bytes.resize((bytes.size() + 3) / 4 * 4);
  return bytes;
}

Frame client_chunk(Frame frame, std::uint8_t type, std::string value) {
  return as_chunk(std::move(frame), type, std::move(value), kClientTag, kNodeTag);
}
Frame node_chunk(Frame frame, std::uint8_t type, std::string value) {
  return as_chunk(std::move(frame), type, std::move(value), kNodeTag, kClientTag);
}

Step client_sends(std::string what, std::uint8_t type, std::string value) {
  return forward(std::move(what), client_packet(type, value),
                 client_chunk(to_node(kSignallingNodePort, 0), type, value));
}
Step node_sends(std::string what, std::uint8_t type, std::string value) {
  return backward(std::move(what), node_chunk(from_node(kSignallingNodePort, 0), type, value),
                  node_chunk(to_client(kSignallingPort, 0), type, value));
}

std::vector<Step> associated() {
  return {client_sends("INIT", net::kSctpInit), node_sends("INIT ACK", net::kSctpInitAck),
          client_sends("COOKIE ECHO", net::kSctpCookieEcho, "a cookie"), node_sends("COOKIE ACK", net::kSctpCookieAck)};
}
Case after_associating(std::string name, std::vector<Step> rest) {
  Case made{std::move(name), associated()};
  for (auto& step : rest) made.steps.push_back(std::move(step));
  return made;
}

Step aborted(Step step) {
  return answered(std::move(step), dataplane::Verdict::kReplyAbort, net::kSctpAbort, net::kSctpTagReflected, 0);
}
Step answered(Step step, dataplane::Verdict verdict, std::uint8_t type, std::uint8_t flags, std::uint32_t tag) {
  Frame answer{.to = step.in.from,
               .from = step.in.to,
               .source = step.in.destination,
               .destination = step.in.source,
               .source_port = step.in.destination_port,
               .destination_port = step.in.source_port,
               .protocol = net::IpProtocol::kSctp,
               .fragment = net::kIpv4DontFragment,
               .identification = 0,
               .chunk = type,
               .chunk_flags = flags,
               .tag = tag != 0 ? tag : step.in.tag};
  step.verdict = verdict;
  step.out = std::move(answer);
  step.out_port = step.port;
  return step;
}

std::vector<Case> of_both_families(std::vector<Case> cases) {
  std::vector<Case> all = cases;
  for (Case& one : cases) {
    one.name += " (IPv6)";
    for (Step& step : one.steps) {
      step.in = v6(step.in);
      if (step.out) step.out = v6(*step.out);
    }
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace sluice::cases
