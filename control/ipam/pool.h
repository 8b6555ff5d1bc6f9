#pragma once
// Pools: the public addresses that Services can get.
//
// IPv4 for now: ranges of IPv6 addresses are refused with a sentence that says so. Everything that only passes an
// address on (ledger, requests) takes both families already.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace sluice::control::ipam {

struct AddressRange {  // Both ends included; first <= last.
  net::Ipv4Address first;
  net::Ipv4Address last;

  // "203.0.113.64/26", "203.0.113.64-203.0.113.80" or a single address. A prefix must have no bits behind its length.
  static base::Result<AddressRange> parse(std::string_view text);
  std::string to_string() const;  // always as FIRST-LAST
  bool contains(net::Ipv4Address address) const { return first <= address && address <= last; }
  std::uint64_t size() const { return std::uint64_t{last.value.host()} - first.value.host() + 1; }
  friend bool operator==(const AddressRange&, const AddressRange&) = default;
};

struct Pool {
  std::string name;
  std::vector<AddressRange> ranges;
  bool auto_assign = true;       // Also for Services that do not name it.
  bool avoid_buggy_ips = false;  // Leaves out .0 and .255, which some old clients take for broadcast addresses.

  bool gives(net::Ipv4Address address) const;  // in one of the ranges and not left out
  bool gives(const net::IpAddress& address) const { return address.is_v4() && gives(address.v4()); }
  std::uint64_t capacity() const;
};

bool is_buggy(net::Ipv4Address address);  // ends in .0 or .255

// The first pool that gives the address; null if there is none.
const Pool* find_pool(std::span<const Pool> pools, const net::IpAddress& address);

// Names that are missing or used twice, pools without addresses, ranges that overlap (also between pools).
base::Result<> check_pools(std::span<const Pool> pools);

}  // namespace sluice::control::ipam
