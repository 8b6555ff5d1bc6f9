#include "control/questions.h"

#include <algorithm>
#include <vector>

#include "conf/nearest.h"
#include "net/endpoint.h"

namespace sluice::control {
namespace {

using dataplane::CaptureFilter;
using dataplane::Verdict;

base::Result<net::IpProtocol> parse_protocol(const std::string& text) {
  if (text == "tcp") return net::IpProtocol::kTcp;
  if (text == "udp") return net::IpProtocol::kUdp;
  if (text == "sctp") return net::IpProtocol::kSctp;
  return base::fail("protocol: expected tcp, udp or sctp, got '" + text + "'");
}

// Ports of a request, which protobuf carries in 32 bits.
base::Result<net::Be16> parse_port(std::uint32_t port) {
  if (port > 65'535) return base::fail("port: expected 1 to 65535, got " + std::to_string(port));
  return net::Be16{static_cast<std::uint16_t>(port)};
}

base::Result<CaptureFilter::Protocol> parse_packet_protocol(const std::string& text) {
  if (text == "tcp") return CaptureFilter::Protocol::kTcp;
  if (text == "udp") return CaptureFilter::Protocol::kUdp;
  if (text == "sctp") return CaptureFilter::Protocol::kSctp;
  if (text == "icmp") return CaptureFilter::Protocol::kIcmp;
  if (text == "arp") return CaptureFilter::Protocol::kArp;
  return base::fail("protocol: expected tcp, udp, sctp, icmp or arp, got '" + text + "'");
}

base::Result<Verdict> parse_verdict(const std::string& text) {
  std::vector<std::string_view> names;
  for (const auto& info : dataplane::kVerdicts) {
    if (info.verdict == Verdict::kContinue) continue;
    if (info.name == text) return info.verdict;
    names.push_back(info.name);
  }
  const auto nearest = conf::nearest(text, names);
  return base::fail(
      "'" + text + "' is no verdict: " +
      (nearest.empty() ? "see `sluice show drops --all`" : "did you mean '" + std::string{nearest} + "'?"));
}

base::Result<> read_port(const std::string& name, std::span<const std::string> ports, CaptureFilter& filter) {
  if (name.empty()) return {};
  const auto found = std::ranges::find(ports, name);
  if (found == ports.end()) return base::fail("no port is called '" + name + "': see `sluice show ports`");
  filter.port = static_cast<std::uint8_t>(found - ports.begin());
  return {};
}

base::Result<> read_direction(const std::string& text, CaptureFilter& filter) {
  if (!text.empty() && text != "in" && text != "out" && text != "both") {
    return base::fail("direction: expected in, out or both, got '" + text + "'");
  }
  filter.takes_arriving = text != "out";
  filter.takes_sent = text != "in";
  return {};
}

}  // namespace

base::Result<FlowTuple> tuple_of(const messages::ExplainFlow& request) {
  const auto protocol = parse_protocol(request.protocol());
  if (!protocol) return base::fail(protocol.message());
  const auto client = net::IpAddress::parse(request.client());
  if (!client) return base::fail("client: " + client.message());
  const auto vip = net::IpAddress::parse(request.vip());
  if (!vip) return base::fail("VIP: " + vip.message());
  if (client->is_v4() != vip->is_v4()) return base::fail("client and VIP must be of the same family");
  const auto client_port = parse_port(request.client_port()), vip_port = parse_port(request.vip_port());
  if (!client_port) return base::fail(client_port.message());
  if (!vip_port) return base::fail(vip_port.message());
  return FlowTuple{
      .protocol = *protocol, .client = *client, .vip = *vip, .client_port = *client_port, .vip_port = *vip_port};
}

base::Result<dataplane::FlowFilter> flow_filter_of(const messages::FlowFilter& from, const Names& names) {
  dataplane::FlowFilter filter;
  if (!from.protocol().empty()) {
    const auto protocol = parse_protocol(from.protocol());
    if (!protocol) return base::fail(protocol.message());
    filter.protocol = *protocol;
  }
  const auto read_address = [](const std::string& text, std::optional<net::IpAddress>& to) -> base::Result<> {
    if (text.empty()) return {};
    const auto address = net::IpAddress::parse(text);
    if (!address) return base::fail(address.message());
    to = *address;
    return {};
  };
  if (auto read = read_address(from.client(), filter.client); !read) return base::fail("client: " + read.message());
  if (auto read = read_address(from.vip(), filter.vip); !read) return base::fail("VIP: " + read.message());
  std::string node = from.node();
  for (const auto& [address, name] : names.nodes) {
    if (name == node) node = address.to_string();
  }
  if (auto read = read_address(node, filter.node); !read) {
    return base::fail("node: expected the name of a node or its address, got '" + from.node() + "'");
  }
  const auto client_port = parse_port(from.client_port()), vip_port = parse_port(from.vip_port());
  if (!client_port) return base::fail(client_port.message());
  if (!vip_port) return base::fail(vip_port.message());
  if (from.client_port() != 0) filter.client_port = *client_port;
  if (from.vip_port() != 0) filter.vip_port = *vip_port;
  return filter;
}

base::Result<CaptureFilter> capture_filter_of(const messages::PacketFilter& from, const Names& names,
                                              std::span<const std::string> ports) {
  CaptureFilter filter;
  messages::FlowFilter flow = from.flow();
  if (!flow.protocol().empty()) {
    const auto protocol = parse_packet_protocol(flow.protocol());
    if (!protocol) return base::fail(protocol.message());
    filter.protocol = *protocol;
    flow.clear_protocol();
  }
  const auto flow_filter = flow_filter_of(flow, names);
  if (!flow_filter) return base::fail(flow_filter.message());
  filter.flow = *flow_filter;
  if (auto read = read_port(from.port(), ports, filter); !read) return base::fail(read.message());
  if (auto read = read_direction(from.direction(), filter); !read) return base::fail(read.message());
  for (const auto& name : from.verdicts()) {
    const auto verdict = parse_verdict(name);
    if (!verdict) return base::fail(verdict.message());
    filter.verdicts.set(dataplane::index(*verdict));
  }
  return filter;
}

std::string describe(const messages::PacketFilter& filter) {
  std::string text;
  const auto say = [&](const std::string& option, const std::string& value) {
    if (!value.empty()) text += (text.empty() ? "--" : " --") + option + " " + value;
  };
  const auto endpoint = [](const std::string& address, std::uint32_t port) {
    return port == 0 ? address : net::with_port(address, net::Be16{static_cast<std::uint16_t>(port)});
  };
  const auto& flow = filter.flow();
  say("client", endpoint(flow.client(), flow.client_port()));
  say("vip", endpoint(flow.vip(), flow.vip_port()));
  say("node", flow.node());
  say("protocol", flow.protocol());
  say("port", filter.port());
  say("direction", filter.direction());
  for (const auto& verdict : filter.verdicts()) say("verdict", verdict);
  return text;
}

}  // namespace sluice::control
