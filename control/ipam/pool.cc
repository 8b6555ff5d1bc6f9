#include "control/ipam/pool.h"

#include <algorithm>
#include <set>

namespace sluice::control::ipam {
namespace {

base::Result<net::Ipv4Address> parse_end(std::string_view text, std::string_view range) {
  const auto address = net::IpAddress::parse(text);
  if (!address) return base::fail("address range '" + std::string{range} + "': " + address.message());
  if (address->is_v6()) {
    return base::fail("address range '" + std::string{range} + "': pools of IPv6 addresses are not supported yet");
  }
  return address->v4();
}

base::Result<AddressRange> parse_prefix(std::string_view text) {
  if (text.find(':') != std::string_view::npos) {
    return base::fail("address range '" + std::string{text} + "': pools of IPv6 addresses are not supported yet");
  }
  const auto prefix = net::Ipv4Prefix::parse(text);
  if (!prefix) return base::fail("address range '" + std::string{text} + "': " + prefix.message());
  if (prefix->address != prefix->first()) {
    return base::fail("address range '" + std::string{text} + "': " + prefix->address.to_string() +
                      " is not the first address of the network; did you mean " + prefix->first().to_string() + "/" +
                      std::to_string(prefix->length) + "?");
  }
  return AddressRange{prefix->first(), prefix->last()};
}

struct NamedRange {
  AddressRange range;
  const Pool* pool;
};

std::string describe(const NamedRange& named) {
  return named.range.to_string() + " of pool '" + named.pool->name + "'";
}

}  // namespace

base::Result<AddressRange> AddressRange::parse(std::string_view text) {
  if (text.find('/') != std::string_view::npos) return parse_prefix(text);
  const std::size_t dash = text.find('-');
  const auto first = parse_end(text.substr(0, dash), text);
  if (!first) return base::fail(first.message());
  if (dash == std::string_view::npos) return AddressRange{*first, *first};
  const auto last = parse_end(text.substr(dash + 1), text);
  if (!last) return base::fail(last.message());
  if (*last < *first) return base::fail("address range '" + std::string{text} + "': ends before it begins");
  return AddressRange{*first, *last};
}

std::string AddressRange::to_string() const { return first.to_string() + "-" + last.to_string(); }

bool is_buggy(net::Ipv4Address address) {
  const std::uint32_t low = address.value.host() & 0xff;
  return low == 0 || low == 0xff;
}

bool Pool::gives(net::Ipv4Address address) const {
  if (avoid_buggy_ips && is_buggy(address)) return false;
  return std::any_of(ranges.begin(), ranges.end(), [&](const AddressRange& range) { return range.contains(address); });
}

std::uint64_t Pool::capacity() const {
  std::uint64_t count = 0;
  for (const AddressRange& range : ranges) {
    count += range.size();
    if (!avoid_buggy_ips) continue;
    const std::uint64_t first = range.first.value.host();
    const std::uint64_t end = std::uint64_t{range.last.value.host()} + 1;
    count -= (end + 0xff) / 0x100 - (first + 0xff) / 0x100;  // multiples of 256: .0
    count -= end / 0x100 - first / 0x100;                    // one below a multiple of 256: .255
  }
  return count;
}

const Pool* find_pool(std::span<const Pool> pools, const net::IpAddress& address) {
  const auto found = std::find_if(pools.begin(), pools.end(), [&](const Pool& pool) { return pool.gives(address); });
  return found == pools.end() ? nullptr : &*found;
}

base::Result<> check_pools(std::span<const Pool> pools) {
  std::set<std::string> names;
  std::vector<NamedRange> ranges;
  for (const Pool& pool : pools) {
    if (pool.name.empty()) return base::fail("a pool has no name");
    if (!names.insert(pool.name).second) return base::fail("pool '" + pool.name + "' is defined twice");
    if (pool.capacity() == 0) return base::fail("pool '" + pool.name + "' has no addresses");
    for (const AddressRange& range : pool.ranges) ranges.push_back({range, &pool});
  }
  std::sort(ranges.begin(), ranges.end(), [](auto& a, auto& b) { return a.range.first < b.range.first; });
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].range.first > ranges[i - 1].range.last) continue;
    return base::fail("addresses overlap: " + describe(ranges[i - 1]) + " and " + describe(ranges[i]));
  }
  return {};
}

}  // namespace sluice::control::ipam
