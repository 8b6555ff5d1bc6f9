#include "dataplane/forwarder.h"

namespace sluice::dataplane {

bool FlowFilter::matches(const nat::Flow& flow) const {
  const auto agrees = [](const auto& wanted, const auto& value) { return !wanted || *wanted == value; };
  return agrees(protocol, flow.protocol) && agrees(client, flow.client) && agrees(client_port, flow.client_port) &&
         agrees(vip, flow.vip) && agrees(vip_port, flow.vip_port) && agrees(node, flow.node);
}

}  // namespace sluice::dataplane
