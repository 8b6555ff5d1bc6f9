#pragma once
// For whom a node speaks when it answers a client by itself (delivery dnat), with several workers: such a packet names
// neither the VIP nor a SNAT port, yet has to meet its flow at the worker that the client's packets go to.
//
// Nodes of one cluster share their node ports; those of two clusters may use the same one for different services. A
// node may be of several: of one API server under several names, which uses no node port twice. Immutable once built.

#include <cstdint>
#include <functional>
#include <unordered_map>

#include "lb/service_table.h"
#include "net/flow_key.h"

namespace sluice::dataplane {

template <typename Family>
class WaysBack {
 public:
  using Address = typename Family::Address;

  // A cluster by any number that tells it from the others.
  void add_node(const Address& node, std::uint32_t cluster) { clusters_.emplace(node, cluster); }
  void add_port(std::uint32_t cluster, net::Be16 node_port, net::IpProtocol protocol, std::uint32_t service) {
    services_.insert_or_assign(number_of(cluster, node_port, protocol), service);
  }

  // The id of the service, or lb::kNoService.
  std::uint32_t service_of(const net::FlowKey<Family>& reply) const {
    const auto [first, last] = clusters_.equal_range(reply.source);
    for (auto cluster = first; cluster != last; ++cluster) {
      const auto service = services_.find(number_of(cluster->second, reply.source_port, reply.protocol));
      if (service != services_.end()) return service->second;
    }
    return lb::kNoService;
  }

 private:
  struct Hash {
    std::size_t operator()(const Address& address) const {
      const auto number = address.number();
      return static_cast<std::size_t>(
          net::mix(static_cast<std::uint64_t>(number) ^ 0xa0761d6478bd642fULL,
                   static_cast<std::uint64_t>(number >> (Family::kBits / 2)) ^ 0xe7037ed1a0b428dbULL));
    }
  };
  static std::uint64_t number_of(std::uint32_t cluster, net::Be16 node_port, net::IpProtocol protocol) {
    return std::uint64_t{cluster} << 32 | std::uint64_t{node_port.raw()} << 8 | static_cast<std::uint8_t>(protocol);
  }

  std::unordered_multimap<Address, std::uint32_t, Hash> clusters_;
  std::unordered_map<std::uint64_t, std::uint32_t> services_;
};

}  // namespace sluice::dataplane
