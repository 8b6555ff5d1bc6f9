#include "net/flow_key.h"

#include "net/endpoint.h"

namespace sluice::net {

std::string to_string(IpProtocol protocol) {
  switch (protocol) {
    case IpProtocol::kHopByHop:
    case IpProtocol::kRouting:
    case IpProtocol::kFragment:
    case IpProtocol::kDestinationOptions: break;
    case IpProtocol::kIcmp: return "icmp";
    case IpProtocol::kTcp: return "tcp";
    case IpProtocol::kUdp: return "udp";
    case IpProtocol::kIcmpv6: return "icmpv6";
    case IpProtocol::kSctp: return "sctp";
  }
  return "protocol " + std::to_string(static_cast<unsigned>(protocol));
}

template <typename Family>
std::string FlowKey<Family>::to_string() const {
  return net::to_string(protocol) + " " + with_port(source.to_string(), source_port) + " > " +
         with_port(destination.to_string(), destination_port);
}
template struct FlowKey<Ipv4>;
template struct FlowKey<Ipv6>;

}  // namespace sluice::net
