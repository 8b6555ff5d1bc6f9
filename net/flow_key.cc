#include "net/flow_key.h"

namespace sluice::net {

std::string to_string(IpProtocol protocol) {
  switch (protocol) {
    case IpProtocol::kIcmp: return "icmp";
    case IpProtocol::kTcp: return "tcp";
    case IpProtocol::kUdp: return "udp";
    case IpProtocol::kIcmpv6: return "icmpv6";
    case IpProtocol::kSctp: return "sctp";
  }
  return "protocol " + std::to_string(static_cast<unsigned>(protocol));
}

std::string FlowKey::to_string() const {
  return net::to_string(protocol) + " " + source.to_string() + ":" + std::to_string(source_port.host()) + " > " +
         destination.to_string() + ":" + std::to_string(destination_port.host());
}

}  // namespace sluice::net
