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
  flow.state = flow.protocol == net::IpProtocol::kTcp ? TcpState::kSynSent : TcpState::kNone;
  flow.ip_delta.change(flow.client, flow.snat).change(flow.vip, flow.node);
  flow.l4_delta.change(flow.ip_delta).change(flow.client_port, flow.snat_port).change(flow.vip_port, flow.node_port);
  return flow;
}

template Flow4 make_flow(const Binding<net::Ipv4>& binding);
template Flow6 make_flow(const Binding<net::Ipv6>& binding);

}  // namespace sluice::nat
