#include "nat/port_pool.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace sluice::nat {
namespace {

std::uint32_t lowest_port_of(unsigned worker, PortRange ports, unsigned workers) {
  std::uint32_t port = ports.first;
  while (owner_of(net::Be16{static_cast<std::uint16_t>(port)}, workers) != worker) ++port;
  return port;
}

// Leaves the lowest 24 bits free of what makes IPv4 nodes differ.
std::uint64_t number_of(net::Ipv4Address address) { return std::uint64_t{address.number()} << 24; }
std::uint64_t number_of(const net::Ipv6Address& address) {
  const auto number = address.number();
  return net::mix(static_cast<std::uint64_t>(number >> 64) ^ 0x589965cc75374cc3ULL, static_cast<std::uint64_t>(number));
}

}  // namespace

template <typename Family>
PortPool<Family>::PortPool(const PortPoolOptions<Family>& options)
    : addresses_{options.addresses.begin(), options.addresses.end()},
      groups_{options.groups},
      port_step_{options.workers},
      first_port_{lowest_port_of(options.worker, options.ports, options.workers)},
      ports_per_group_{first_port_ <= options.ports.last ? (options.ports.last - first_port_) / port_step_ + 1 : 0},
      start_{
          static_cast<std::uint32_t>(net::mix(options.seed, 0x9e3779b97f4a7c15ULL) % std::max(1U, ports_per_group_))},
      lists_(addresses_.size() * groups_),
      rings_(addresses_.size() * groups_ * ports_per_group_) {
  assert(std::has_single_bit(options.groups) && options.groups <= 4096);
  assert(options.worker < options.workers && options.ports.first <= options.ports.last);
  std::sort(addresses_.begin(), addresses_.end());
  assert(std::adjacent_find(addresses_.begin(), addresses_.end()) == addresses_.end());
}

template <typename Family>
std::optional<SnatPort<Family>> PortPool<Family>::allocate(Address node, net::Be16 node_port, net::IpProtocol protocol,
                                                           std::uint64_t flow_hash) {
  const std::uint16_t group = group_of(node, node_port, protocol);
  std::size_t address = ((flow_hash >> 32) * addresses_.size()) >> 32;
  for (std::size_t tried = 0; tried < addresses_.size(); ++tried) {
    const auto port = take(address, group);
    if (port.has_value()) return SnatPort<Family>{addresses_[address], net::Be16{*port}, group};
    address = address + 1 < addresses_.size() ? address + 1 : 0;
  }
  ++refusals_;
  return std::nullopt;
}

template <typename Family>
std::optional<std::uint16_t> PortPool<Family>::take(std::size_t address, std::size_t group) {
  FreeList& free = list(address, group);
  if (free.virgin < ports_per_group_) {
    std::uint32_t number = start_ + free.virgin++;
    if (number >= ports_per_group_) number -= ports_per_group_;
    return static_cast<std::uint16_t>(first_port_ + port_step_ * number);
  }
  if (free.released == 0) return std::nullopt;
  const std::uint16_t port = ring(address, group)[free.head];
  free.head = free.head + 1 < ports_per_group_ ? free.head + 1 : 0;
  --free.released;
  return port;
}

template <typename Family>
void PortPool<Family>::release(Address address, net::Be16 port, std::uint16_t group) {
  if (group == kNoPortGroup) return;
  const auto found = std::lower_bound(addresses_.begin(), addresses_.end(), address);
  if (found == addresses_.end() || *found != address) return;
  const auto address_index = static_cast<std::size_t>(found - addresses_.begin());
  FreeList& free = list(address_index, group);
  assert(in_use(free) > 0 && port.host() >= first_port_ && (port.host() - first_port_) % port_step_ == 0);
  std::uint32_t tail = free.head + free.released;
  if (tail >= ports_per_group_) tail -= ports_per_group_;
  ring(address_index, group)[tail] = port.host();
  ++free.released;
}

// Multiplication by an odd number, upper bits: the lower bits of node addresses and ports are what differs.
template <typename Family>
std::uint16_t PortPool<Family>::group_of(Address node, net::Be16 node_port, net::IpProtocol protocol) const {
  const std::uint64_t port = std::uint64_t{node_port.host()} << 8 | static_cast<std::uint8_t>(protocol);
  const std::uint64_t endpoint = number_of(node) ^ port;
  return static_cast<std::uint16_t>(net::mix(endpoint ^ 0xa0761d6478bd642fULL, 0xe7037ed1a0b428dbULL) & (groups_ - 1));
}

template <typename Family>
PortUsage<Family> PortPool<Family>::usage(std::size_t address_index) const {
  PortUsage<Family> usage{
      .address = addresses_[address_index], .capacity = groups_ * ports_per_group_, .group_capacity = ports_per_group_};
  for (std::size_t group = 0; group < groups_; ++group) {
    const std::size_t ports = in_use(list(address_index, group));
    usage.in_use += ports;
    usage.fullest_group = std::max(usage.fullest_group, ports);
  }
  return usage;
}

template <typename Family>
std::size_t PortPool<Family>::memory_bytes() const {
  return lists_.size() * sizeof(FreeList) + rings_.size() * sizeof(std::uint16_t);
}

template class PortPool<net::Ipv4>;
template class PortPool<net::Ipv6>;

}  // namespace sluice::nat
