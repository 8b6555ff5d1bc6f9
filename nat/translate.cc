#include "nat/translate.h"

#include <utility>

namespace sluice::nat {
namespace {

// How long the packet is that stands behind a header which an error quotes, by that header.
std::size_t length_behind(const net::Ipv4Header& ip, const std::uint8_t*) {
  return std::size_t{ip.total_length.host()} - ip.header_length();
}
std::size_t length_behind(const net::Ipv6Header& ip, const std::uint8_t* l4) {
  const auto* const end = reinterpret_cast<const std::uint8_t*>(&ip) + sizeof ip + ip.payload_length.host();
  return static_cast<std::size_t>(end - l4);
}

// Only when it is quoted with its checksum, and says a length that it can have.
template <typename Header>
void translate_quoted_sctp(const Header& ip, std::span<std::uint8_t> l4, net::Ports before, net::Ports after) {
  const std::size_t length = length_behind(ip, l4.data());
  if (l4.size() < sizeof(net::SctpHeader) || length < sizeof(net::SctpHeader) || length > 0xffff) return;
  net::change_sctp_checksum(*reinterpret_cast<net::SctpHeader*>(l4.data()), before, after, length);
}

}  // namespace

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
  auto& ports = *reinterpret_cast<net::Ports*>(l4.data());
  const net::Ports sent = std::exchange(ports, {before.source_port, before.destination_port});
  if (flow.protocol == net::IpProtocol::kSctp) return translate_quoted_sctp(ip, l4, sent, ports);
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
