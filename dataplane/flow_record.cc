#include "dataplane/flow_record.h"

#include <type_traits>

namespace sluice::dataplane {
namespace {

template <typename Flow, typename Address>
bool agree(const FlowFilter& filter, const Flow& flow, const Address& node) {
  const auto agrees = [](const auto& wanted, const auto& value) {
    return !wanted || *wanted == std::decay_t<decltype(*wanted)>{value};
  };
  return agrees(filter.protocol, flow.protocol) && agrees(filter.client, flow.client) &&
         agrees(filter.client_port, flow.client_port) && agrees(filter.vip, flow.vip) &&
         agrees(filter.vip_port, flow.vip_port) && agrees(filter.node, node);
}

}  // namespace

template <typename Family>
FlowRecord record_of(const nat::Flow<Family>& flow, const typename Family::Address& node) {
  return {.client = flow.client,
          .vip = flow.vip,
          .node = node,
          .snat = flow.snat,
          .client_port = flow.client_port,
          .vip_port = flow.vip_port,
          .node_port = flow.node_port,
          .snat_port = flow.snat_port,
          .protocol = flow.protocol,
          .state = flow.state,
          .sctp_state = flow.sctp_state,
          .has_replied = (flow.flags & nat::kFlowReplied) != 0,
          .backend = flow.backend,
          .service = flow.service};
}

std::string_view state_of(const FlowRecord& flow) {
  switch (flow.protocol) {
    case net::IpProtocol::kTcp: return nat::to_string(flow.state);
    case net::IpProtocol::kSctp: return nat::to_string(flow.sctp_state);
    default: return flow.has_replied ? "replied" : "unreplied";
  }
}

template <typename Family>
bool FlowFilter::matches(const nat::Flow<Family>& flow, const typename Family::Address& serving) const {
  return agree(*this, flow, serving);
}
bool FlowFilter::matches(const FlowRecord& flow) const { return agree(*this, flow, flow.node); }

template FlowRecord record_of(const nat::Flow4& flow, const net::Ipv4Address& node);
template FlowRecord record_of(const nat::Flow6& flow, const net::Ipv6Address& node);
template bool FlowFilter::matches(const nat::Flow4& flow, const net::Ipv4Address& node) const;
template bool FlowFilter::matches(const nat::Flow6& flow, const net::Ipv6Address& node) const;

}  // namespace sluice::dataplane
