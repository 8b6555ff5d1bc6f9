#include "dataplane/forwarder.h"

#include <type_traits>

namespace sluice::dataplane {

template <typename Family>
bool FlowFilter::matches(const nat::Flow<Family>& flow, const typename Family::Address& serving) const {
  const auto agrees = [](const auto& wanted, const auto& value) {
    return !wanted || *wanted == std::decay_t<decltype(*wanted)>{value};
  };
  return agrees(protocol, flow.protocol) && agrees(client, flow.client) && agrees(client_port, flow.client_port) &&
         agrees(vip, flow.vip) && agrees(vip_port, flow.vip_port) && agrees(node, serving);
}

template bool FlowFilter::matches(const nat::Flow4& flow, const net::Ipv4Address& node) const;
template bool FlowFilter::matches(const nat::Flow6& flow, const net::Ipv6Address& node) const;

}  // namespace sluice::dataplane
