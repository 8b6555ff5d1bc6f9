#include "tools/sluice/packet_request.h"

#include <charconv>
#include <limits>

#include "net/endpoint.h"
#include "tools/sluice/request.h"
#include "tools/sluice/text.h"

namespace sluice::cli {
namespace {

using base::fail;
using base::Result;

constexpr double kSecondsMost = 86'400;
constexpr std::uint32_t kSnaplenLeast = 64;

// How much is wanted, of either command.
struct Bounds {
  std::uint32_t count = 0;
  double seconds = 0;
  std::uint32_t snaplen = 0;
};

Result<> read_seconds(const std::string& text, double& seconds) {
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, seconds);
  if (read.ec != std::errc{} || read.ptr != end || !(seconds > 0 && seconds <= kSecondsMost)) {
    return fail("'" + text + "' is no number of seconds up to 86400");
  }
  return {};
}

Result<> read_bound(const std::string& name, const std::string& text, Bounds& bounds) {
  if (name == "seconds") return read_seconds(text, bounds.seconds);
  const auto number = parse_number(text, std::numeric_limits<std::uint32_t>::max());
  if (name == "count") {
    if (!number || *number == 0) return fail("'" + text + "' is no number of packets");
    bounds.count = *number;
    return {};
  }
  if (!number || *number < kSnaplenLeast) return fail("'" + text + "' is no number of bytes from 64 on");
  bounds.snaplen = *number;
  return {};
}

Result<> read_filter(const std::string& name, const std::string& text, admin::PacketFilter& filter) {
  if (name == "protocol") {
    if (!is_flow_protocol(text) && text != "icmp" && text != "arp") {
      return fail("'" + text + "': a protocol is tcp, udp, sctp, icmp or arp");
    }
    filter.mutable_flow()->set_protocol(text);
  } else if (name == "node") {
    filter.mutable_flow()->set_node(text);
  } else if (name == "port") {
    filter.set_port(text);
  } else if (name == "verdict") {
    filter.add_verdicts(text);
  } else if (name == "direction") {
    if (text != "in" && text != "out" && text != "both") return fail("'" + text + "': a direction is in, out or both");
    if (text != "both") filter.set_direction(text);
  } else {
    const auto endpoint = net::Endpoint::parse(text);
    if (!endpoint) return fail(endpoint.message());
    set_endpoint(name, *endpoint, *filter.mutable_flow());
  }
  return {};
}

}  // namespace

Result<admin::Request> packet_request(const std::string& command, const PacketOptions& options) {
  admin::PacketFilter filter;
  Bounds bounds;
  for (const auto& [name, value] : options) {
    if (name != "verdict" && options.count(name) > 1) return fail("--" + name + " is there more than once");
    const bool is_bound = name == "count" || name == "seconds" || name == "snaplen";
    const auto read = is_bound ? read_bound(name, value, bounds) : read_filter(name, value, filter);
    if (!read) return fail("--" + name + ": " + read.message());
  }
  admin::Request request;
  if (command == "trace") {
    if (bounds.snaplen != 0) return fail("--snaplen is an option of `sluice capture`, not of `sluice trace`");
    auto& question = *request.mutable_trace_packets();
    *question.mutable_filter() = filter;
    question.set_count(bounds.count);
    question.set_seconds(bounds.seconds);
    return request;
  }
  auto& question = *request.mutable_capture_packets();
  *question.mutable_filter() = filter;
  question.set_count(bounds.count);
  question.set_seconds(bounds.seconds);
  question.set_snaplen(bounds.snaplen);
  return request;
}

}  // namespace sluice::cli
