#include "nat/port_pool.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace sluice::nat {
namespace {

// Leaves the lowest 24 bits free of what makes IPv4 nodes differ.
std::uint64_t number_of(net::Ipv4Address address) { return std::uint64_t{address.number()} << 24; }
std::uint64_t number_of(const net::Ipv6Address& address) {
  const auto number = address.number();
  return net::mix(static_cast<std::uint64_t>(number >> 64) ^ 0x589965cc75374cc3ULL, static_cast<std::uint64_t>(number));
}

}  // namespace

template <typename Family>
PortPool<Family>::PortPool(const PortPoolOptions<Family>& options)
    : rss_{options.rss != nullptr ? options.rss : std::make_shared<const Rss>(1, 0)},
      addresses_{options.addresses.begin(), options.addresses.end()},
      groups_{std::max(options.groups, rss_->buckets())},
      ports_(rss_->buckets()),
      lists_(addresses_.size() * groups_) {
  assert(std::has_single_bit(options.groups) && options.groups <= 4096);
  assert(options.worker < rss_->workers() && options.ports.first <= options.ports.last);
  std::sort(addresses_.begin(), addresses_.end());
  assert(std::adjacent_find(addresses_.begin(), addresses_.end()) == addresses_.end());
  divide(options);
}

// A bucket is a few bits, and XOR its addition: what a port adds to the rest of a reply leads to this worker or not.
template <typename Family>
void PortPool<Family>::divide(const PortPoolOptions<Family>& options) {
  const unsigned buckets = rss_->buckets();
  for (std::uint32_t port = options.ports.first; port <= options.ports.last; ++port) {
    const unsigned of_port =
        rss_->bucket_of(net::FlowKey<Family>{.destination_port = net::Be16{static_cast<std::uint16_t>(port)}});
    for (unsigned rest = 0; rest < buckets; ++rest) {
      if (rss_->worker_of_bucket(rest ^ of_port) != options.worker) continue;
      ports_[rest].push_back(static_cast<std::uint16_t>(port));
    }
  }
  group_capacity_ = std::ranges::min(ports_, {}, &std::vector<std::uint16_t>::size).size();
  for (auto& ports : ports_) {
    capacity_ += groups_ / buckets * ports.size();
    ring_size_ = std::max(ring_size_, ports.size());
    const std::uint64_t first = net::mix(options.seed, 0x9e3779b97f4a7c15ULL) % std::max(std::size_t{1}, ports.size());
    std::rotate(ports.begin(), ports.begin() + static_cast<std::ptrdiff_t>(first), ports.end());
  }
  for (std::size_t address = 0; address < addresses_.size(); ++address) {
    const unsigned of_address = rss_->bucket_of(net::FlowKey<Family>{.destination = addresses_[address]});
    for (std::size_t group = 0; group < groups_; ++group)
      list(address, group).bucket = of_address ^ static_cast<unsigned>(group & (buckets - 1));
  }
  rings_.resize(lists_.size() * ring_size_);
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
  const auto& ports = ports_[free.bucket];
  if (free.virgin < ports.size()) return ports[free.virgin++];
  if (free.released == 0) return std::nullopt;
  const std::uint16_t port = ring(address, group)[free.head];
  free.head = free.head + 1 < ports.size() ? free.head + 1 : 0;
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
  assert(in_use(free) > 0);
  std::size_t tail = free.head + free.released;
  if (tail >= ports_[free.bucket].size()) tail -= ports_[free.bucket].size();
  ring(address_index, group)[tail] = port.host();
  ++free.released;
}

// The lowest bits are what the endpoint adds to its replies' hash. The others by multiplication, upper bits: the lower
// bits of node addresses and ports are what differs.
template <typename Family>
std::uint16_t PortPool<Family>::group_of(Address node, net::Be16 node_port, net::IpProtocol protocol) const {
  const unsigned buckets = rss_->buckets();
  const std::uint64_t port = std::uint64_t{node_port.host()} << 8 | static_cast<std::uint8_t>(protocol);
  const std::uint64_t endpoint = number_of(node) ^ port;
  std::uint64_t group = net::mix(endpoint ^ 0xa0761d6478bd642fULL, 0xe7037ed1a0b428dbULL);
  if (buckets > 1) {
    group = (group & ~std::uint64_t{buckets - 1}) |
            rss_->bucket_of(net::FlowKey<Family>{.source = node, .source_port = node_port});
  }
  return static_cast<std::uint16_t>(group & (groups_ - 1));
}

template <typename Family>
PortUsage<Family> PortPool<Family>::usage(std::size_t address_index) const {
  PortUsage<Family> usage{
      .address = addresses_[address_index], .capacity = capacity_, .group_capacity = group_capacity_};
  for (std::size_t group = 0; group < groups_; ++group) {
    const std::size_t ports = in_use(list(address_index, group));
    usage.in_use += ports;
    usage.fullest_group = std::max(usage.fullest_group, std::min(ports, group_capacity_));
  }
  return usage;
}

template <typename Family>
std::size_t PortPool<Family>::memory_bytes() const {
  std::size_t ports = rings_.size();
  for (const auto& of_bucket : ports_) ports += of_bucket.size();
  return lists_.size() * sizeof(FreeList) + ports * sizeof(std::uint16_t);
}

template class PortPool<net::Ipv4>;
template class PortPool<net::Ipv6>;

}  // namespace sluice::nat
