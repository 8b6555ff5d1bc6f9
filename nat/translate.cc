#include "nat/translate.h"

namespace sluice::nat {

template <typename Family>
Flow<Family> make_flow(const Binding<Family>& binding) {
  Flow<Family> flow{};
  flow.client = binding.client.source;
  flow.vip = binding.client.destination;
  flow.client_port = binding.client.source_port;
  flow.vip_port = binding.client.destination_port;
  flow.node = binding.node;
  flow.node_port = binding.node_port;
  flow.snat = binding.snat;
  flow.snat_port = binding.snat_port;
  flow.protocol = binding.client.protocol;
  flow.state = flow.protocol == net::IpProtocol::kTcp ? binding.state : TcpState::kNone;
  flow.ip_delta.change(flow.client, flow.snat).change(flow.vip, flow.node);
  flow.l4_delta.change(flow.ip_delta).change(flow.client_port, flow.snat_port).change(flow.vip_port, flow.node_port);
  return flow;
}

// Source and destination changing places changes no sum, so the deltas are those of the direction.
template <typename Header, typename Family>
void translate_quoted(Header& ip, std::span<std::uint8_t> l4, const Flow<Family>& flow, Direction direction) {
  const auto before = flow.half(opposite(direction));
  ip.source = before.source;
  ip.destination = before.destination;
  if constexpr (std::is_same_v<Header, net::Ipv4Header>) {
    ip.checksum = directed(flow.ip_delta, direction).apply(ip.checksum);
  }
  auto* const ports = reinterpret_cast<net::Be16*>(l4.data());
  ports[0] = before.source_port;
  ports[1] = before.destination_port;
  if (l4.size() < checksum_offset(flow.protocol) + sizeof(net::Be16)) return;
  translate_checksum(l4.data(), flow, direction);
}

template <typename Header, typename Family>
void translate_error(Header& ip, const Flow<Family>& flow, Direction direction) {
  const auto other = flow.half(opposite(direction));
  if constexpr (std::is_same_v<Header, net::Ipv4Header>) {
    ip.checksum = net::ChecksumDelta{}
                      .change(ip.source, other.destination)
                      .change(ip.destination, other.source)
                      .apply(ip.checksum);
  }
  ip.source = other.destination;
  ip.destination = other.source;
}

template Flow4 make_flow(const Binding<net::Ipv4>& binding);
template Flow6 make_flow(const Binding<net::Ipv6>& binding);
template void translate_quoted(net::Ipv4Header& ip, std::span<std::uint8_t> l4, const Flow4& flow, Direction direction);
template void translate_quoted(net::Ipv6Header& ip, std::span<std::uint8_t> l4, const Flow6& flow, Direction direction);
template void translate_error(net::Ipv4Header& ip, const Flow4& flow, Direction direction);
template void translate_error(net::Ipv6Header& ip, const Flow6& flow, Direction direction);

}  // namespace sluice::nat
