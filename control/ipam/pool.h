#pragma once
// Pools: the public addresses that Services can get. A pool may have ranges of both families. Ranges of IPv6 are big:
// nothing here takes time or memory by their size.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/ip_family.h"
#include "lb/delivery.h"
#include "net/address.h"

namespace sluice::control::ipam {

struct AddressRange {  // Of one family, both ends included; first <= last.
  net::IpAddress first;
  net::IpAddress last;

  // "203.0.113.64/26", "2001:db8::1-2001:db8::ff" or a single address. A prefix must have no bits behind its length.
  static base::Result<AddressRange> parse(std::string_view text);
  std::string to_string() const;  // always as FIRST-LAST
  bool contains(const net::IpAddress& address) const { return first <= address && address <= last; }
  friend bool operator==(const AddressRange&, const AddressRange&) = default;
};

struct Pool {
  std::string name;
  std::vector<AddressRange> ranges;
  bool auto_assign = true;                         // Also for Services that do not name it.
  lb::Delivery delivery = lb::Delivery::kFullNat;  // Of Services with its addresses that do not ask for another.
  bool avoid_buggy_ips = false;  // Leaves out .0 and .255, which some old clients take for broadcast addresses.

  bool gives(const net::IpAddress& address) const;  // In one of the ranges and not left out.
  bool has_ranges_of(IpFamily family) const;
  bool is_empty() const;  // Gives no address at all.
};

bool is_buggy(const net::IpAddress& address);        // IPv4 that ends in .0 or .255
bool is_any_router(const net::IpAddress& address);   // IPv6 that means any router of its /64 (RFC 4291 2.6.1)
net::IpAddress next(const net::IpAddress& address);  // The one behind it; behind the last comes the first.

// The first pool that gives the address; null if there is none.
const Pool* find_pool(std::span<const Pool> pools, const net::IpAddress& address);

}  // namespace sluice::control::ipam
