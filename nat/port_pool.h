#pragma once
// SNAT ports of one worker, by endpoint-dependent mapping: the same (SNAT address, port) serves several flows
// at once as long as they lead to different endpoints (node address, node port, protocol).
//
// An endpoint belongs to one of G groups by its hash. A group hands out each of its ports once, so flows of one
// endpoint never share one; flows of different groups may, since their endpoints differ, and with them the keys
// of the way back. So an address carries up to G times its ports, and one endpoint up to all the ports of its
// group; no search, no table of pairs. Allocation takes a port that was never used, then the one that was free
// for longest: a node that still has the connection in TIME_WAIT gets all the time there is. Which port is the first
// follows from a seed, so that a restarted box hardly meets what nodes still hold of its last run.
//
// A worker gives out only ports that lead replies back to it (Rss). All endpoints of a group have the same part in that
// hash, so these are known beforehand, for each address and group.
//
// Memory is taken at construction: two bytes a port and group. O(1) for each address tried, no allocation.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "nat/flow.h"
#include "nat/rss.h"
#include "net/address.h"

namespace sluice::nat {

struct PortRange {
  std::uint16_t first = 1024;
  std::uint16_t last = 65535;  // included
};

template <typename Family>
struct PortPoolOptions {
  std::span<const typename Family::Address> addresses;  // all different; copied
  PortRange ports{};
  std::shared_ptr<const Rss> rss;  // null: one worker
  unsigned worker = 0;             // below that one's workers
  unsigned groups = 16;            // at least; a power of two, at most 4096
  std::uint64_t seed = 0;
};

template <typename Family>
struct SnatPort {
  typename Family::Address address;
  net::Be16 port;
  std::uint16_t group = 0;
};

template <typename Family>
struct PortUsage {
  typename Family::Address address;
  std::size_t in_use = 0;
  std::size_t capacity = 0;        // of all groups, this worker's slice
  std::size_t fullest_group = 0;   // in use in the fullest group: what an endpoint can run into
  std::size_t group_capacity = 0;  // of the smallest group, and what fullest_group is counted up to
};

template <typename Family>
class PortPool {
 public:
  using Address = typename Family::Address;

  explicit PortPool(const PortPoolOptions<Family>& options);

  // Starts at the address that the flow's hash points to and tries the others when its group is used up there.
  std::optional<SnatPort<Family>> allocate(Address node, net::Be16 node_port, net::IpProtocol protocol,
                                           std::uint64_t flow_hash);
  // What allocate() gave, once. An address that is not the pool's (it left the configuration) is ignored, and so is
  // kNoPortGroup.
  void release(Address address, net::Be16 port, std::uint16_t group);
  void release(const SnatPort<Family>& port) { release(port.address, port.port, port.group); }

  std::uint16_t group_of(Address node, net::Be16 node_port, net::IpProtocol protocol) const;
  std::size_t address_count() const { return addresses_.size(); }
  PortUsage<Family> usage(std::size_t address_index) const;  // below address_count(), in ascending order of addresses
  Address address(std::size_t address_index) const { return addresses_[address_index]; }
  std::size_t capacity() const { return capacity_; }              // of an address; does not change
  std::size_t group_capacity() const { return group_capacity_; }  // of the smallest group; does not change
  std::uint64_t refusals() const { return refusals_; }
  std::size_t memory_bytes() const;

 private:
  // A ring of released ports, in the order of their release. Those from the `virgin`th on were never handed out.
  struct FreeList {
    std::uint32_t virgin = 0;
    std::uint32_t head = 0;
    std::uint32_t released = 0;
    std::uint32_t bucket = 0;  // of a reply without its port: index into ports_
  };
  FreeList& list(std::size_t address, std::size_t group) { return lists_[address * groups_ + group]; }
  const FreeList& list(std::size_t address, std::size_t group) const { return lists_[address * groups_ + group]; }
  std::uint16_t* ring(std::size_t address, std::size_t group) {
    return rings_.data() + (address * groups_ + group) * ring_size_;
  }
  std::size_t in_use(const FreeList& list) const { return list.virgin - list.released; }
  std::optional<std::uint16_t> take(std::size_t address, std::size_t group);
  void divide(const PortPoolOptions<Family>& options);

  std::shared_ptr<const Rss> rss_;
  std::vector<Address> addresses_;  // ascending
  std::size_t groups_;
  std::size_t capacity_ = 0;
  std::size_t group_capacity_ = 0;
  std::vector<std::vector<std::uint16_t>> ports_;  // by what the rest of a reply's hash is: those that lead back here
  std::vector<FreeList> lists_;                    // by address, then group
  std::size_t ring_size_ = 0;
  std::vector<std::uint16_t> rings_;
  std::uint64_t refusals_ = 0;
};

using PortPool4 = PortPool<net::Ipv4>;
using PortPool6 = PortPool<net::Ipv6>;

}  // namespace sluice::nat
