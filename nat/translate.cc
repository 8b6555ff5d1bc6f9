#include "nat/translate.h"

namespace sluice::nat {

Flow make_flow(const Binding& binding) {
  Flow flow{};
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

}  // namespace sluice::nat
