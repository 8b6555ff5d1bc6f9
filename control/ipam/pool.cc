#include "control/ipam/pool.h"

#include <algorithm>

namespace sluice::control::ipam {
namespace {

base::Result<net::IpAddress> parse_end(std::string_view text, std::string_view range) {
  auto address = net::IpAddress::parse(text);
  if (!address) return base::fail("address range '" + std::string{range} + "': " + address.message());
  return address;
}

base::Result<AddressRange> parse_prefix(std::string_view text) {
  const std::string start = "address range '" + std::string{text} + "': ";
  const auto prefix = net::IpPrefix::parse(text);
  if (!prefix) return base::fail(start + prefix.message());
  const AddressRange range = prefix->is_v4() ? AddressRange{prefix->v4().first(), prefix->v4().last()}
                                             : AddressRange{prefix->v6().first(), prefix->v6().last()};
  if (prefix->address() == range.first) return range;
  return base::fail(start + prefix->address().to_string() + " is not the first address of the network; did you mean " +
                    range.first.to_string() + "/" + std::to_string(prefix->length()) + "?");
}

// What a pool gives is never further than a few steps away: addresses that are left out lie apart.
bool gives_any_of(const Pool& pool, const AddressRange& range) {
  for (net::IpAddress address = range.first;; address = next(address)) {
    if (pool.gives(address)) return true;
    if (address == range.last) return false;
  }
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
  if (first->is_v4() != last->is_v4()) {
    return base::fail("address range '" + std::string{text} + "': begins in one family and ends in the other");
  }
  if (*last < *first) return base::fail("address range '" + std::string{text} + "': ends before it begins");
  return AddressRange{*first, *last};
}

std::string AddressRange::to_string() const { return first.to_string() + "-" + last.to_string(); }

bool is_buggy(const net::IpAddress& address) {
  const std::uint32_t low = address.v4().number() & 0xff;
  return address.is_v4() && (low == 0 || low == 0xff);
}

bool is_any_router(const net::IpAddress& address) {
  return address.is_v6() && static_cast<std::uint64_t>(address.v6().number()) == 0;
}

net::IpAddress next(const net::IpAddress& address) {
  if (address.is_v4()) return net::Ipv4Address::from_number(address.v4().number() + 1);
  return net::Ipv6Address::from_number(address.v6().number() + 1);
}

bool Pool::gives(const net::IpAddress& address) const {
  if (is_any_router(address) || (avoid_buggy_ips && is_buggy(address))) return false;
  return std::any_of(ranges.begin(), ranges.end(), [&](const AddressRange& range) { return range.contains(address); });
}

bool Pool::has_ranges_of(IpFamily family) const {
  return std::any_of(ranges.begin(), ranges.end(), [&](auto& range) { return family_of(range.first) == family; });
}

bool Pool::is_empty() const {
  return std::none_of(ranges.begin(), ranges.end(), [&](auto& range) { return gives_any_of(*this, range); });
}

const Pool* find_pool(std::span<const Pool> pools, const net::IpAddress& address) {
  const auto found = std::find_if(pools.begin(), pools.end(), [&](const Pool& pool) { return pool.gives(address); });
  return found == pools.end() ? nullptr : &*found;
}

}  // namespace sluice::control::ipam
