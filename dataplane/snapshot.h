#pragma once
// The compiled configuration that packets are served from: built new by control, published whole, never changed.
//
// Flows outlive snapshots. What a flow remembers (BackendId, service id) is an index into the vectors here and keeps
// its meaning from snapshot to snapshot: control gives an id to another owner only when no flow can hold it any more.
// What has no such promise (next hops) is looked up again when the flow sees a new `epoch`.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "dataplane/connection_limits.h"
#include "dataplane/route_table.h"
#include "dataplane/ways_back.h"
#include "lb/backend.h"
#include "lb/delivery.h"
#include "lb/maglev.h"
#include "lb/service_table.h"
#include "nat/timeouts.h"
#include "net/address.h"
#include "net/headers.h"

namespace sluice::dataplane {

struct NextHop {
  enum class Kind : std::uint8_t {
    kUnresolved,  // The kernel does not know its MAC address (yet).
    kResolved,    // A gateway or a node with a known MAC address.
    kOnLink,      // The peer itself is on the link: its MAC address is the one that its own frames carry.
  };
  net::MacAddress destination;
  net::MacAddress source;  // The port's own.
  std::uint16_t port = 0;  // Index of the dataplane port.
  Kind kind = Kind::kUnresolved;
  bool is_backend = false;  // A node, as the gateway to its pods.
};

template <typename Family>
struct Backend {
  typename Family::Address address;
  std::uint16_t next_hop = kNoRoute;  // Index into Snapshot::next_hops.
  lb::BackendState state = lb::BackendState::kDown;
  bool is_neighbour = false;  // On a link of ours, without a router before it.
};

// One (VIP, protocol, port) of a service.
template <typename Family>
struct ServicePort {
  typename Family::Address vip;
  net::Be16 port;
  net::Be16 node_port;
  net::IpProtocol protocol{};
  std::uint32_t affinity_seconds = 0;  // One client, one node, for so long after its last connection; 0: none.
  ConnectionLimit limit;
  std::uint32_t group = 0;  // Common to all ports of a Service.
  lb::Delivery delivery = lb::Delivery::kFullNat;
  std::shared_ptr<const lb::MaglevTable> table;  // Never null in a live entry; empty: no usable node.
  // Clients that may open flows: those that the table has a "route" for. Null: all. Open flows are not asked again.
  std::shared_ptr<const RouteTable<Family>> source_ranges;
  std::vector<lb::BackendId> drained;  // Ascending: nodes that left the table so long ago that no flow may stay there.

  net::Be16 target_port() const { return lb::needs_node_port(delivery) ? node_port : port; }  // At the node.
};

// What differs by family. Ids are common: where a service or a node has no address of a family, there is a hole.
template <typename Family>
struct FamilySnapshot {
  using Address = typename Family::Address;

  lb::ServiceTable<Family> services;
  std::vector<ServicePort<Family>> service_ports;  // By service id.
  std::vector<Backend<Family>> backends;           // By BackendId.
  RouteTable<Family> routes;
  std::vector<Address> snat_addresses;      // As the workers' port pools have them.
  std::vector<Address> answered_addresses;  // Sorted. ARP and neighbour solicitations for these are ours besides the
                                            // VIPs (SNAT addresses that the kernel does not have).
  bool keeps_clients = false;               // Of any service: what a node sends to a client may be of a flow.
  WaysBack<Family> ways_back;               // Of those that need node ports.
};

struct Port {
  net::MacAddress mac;
  bool announces_vips = false;
  std::uint16_t mtu = 1500;
};

// Bytes of the longest frame that every port may send.
inline std::uint16_t frame_max(std::span<const Port> ports) {
  std::size_t smallest = 0xffff;
  for (const Port& port : ports) smallest = std::min(smallest, port.mtu + sizeof(net::EthernetHeader));
  return static_cast<std::uint16_t>(smallest);
}

struct Snapshot {
  std::uint32_t epoch = 0;  // Differs from the one before; 0 is never used by a published snapshot.
  FamilySnapshot<net::Ipv4> v4;
  FamilySnapshot<net::Ipv6> v6;
  std::vector<NextHop> next_hops;
  std::vector<Port> ports;
  std::uint16_t fits_everywhere = 0xffff;  // Bytes of a frame that is not too big for any port. See frame_max().
  nat::Timeouts timeouts;

  template <typename Family>
  const FamilySnapshot<Family>& of() const {
    if constexpr (std::is_same_v<Family, net::Ipv4>) {
      return v4;
    } else {
      return v6;
    }
  }
};

}  // namespace sluice::dataplane
