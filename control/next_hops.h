#pragma once
// From the kernel's routes and neighbours to the snapshot's next hops: through which port, to which MAC address. Pure.

#include <map>
#include <span>
#include <vector>

#include "control/netlink/objects.h"
#include "dataplane/route_table.h"
#include "dataplane/snapshot.h"
#include "net/address.h"

namespace sluice::control {

// A dataplane port and the kernel's interface that stands for it.
struct PortLink {
  std::uint16_t port = 0;  // Index of the dataplane port.
  int link = 0;            // The kernel's index of the port's TAP.
  net::MacAddress mac;
};

struct NextHopInput {
  std::span<const netlink::Route> routes;  // Routes through links that are no port of ours do not matter.
  std::span<const netlink::Neighbour> neighbours;
  std::span<const PortLink> ports;
  std::span<const net::IpAddress> backends;  // Whose next hops are wanted.
};

struct BackendHop {
  std::uint16_t next_hop = dataplane::kNoRoute;
  bool is_neighbour = false;  // No router stands before it.
};

struct NextHops {
  std::vector<dataplane::NextHop> next_hops;
  std::vector<dataplane::Route4> routes4;         // To clients.
  std::vector<dataplane::Route6> routes6;         // To clients.
  std::map<net::IpAddress, BackendHop> backends;  // To each backend, where there is a route.
  std::vector<netlink::NeighbourKey> wanted;      // That the kernel should keep resolved.
};

NextHops plan_next_hops(const NextHopInput& input);

}  // namespace sluice::control
