#pragma once
// Addresses of the link and of the network, with their text forms (RFC 4291, RFC 5952, RFC 4632).

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/byte_order.h"

namespace sluice::net {

struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  static base::Result<MacAddress> parse(std::string_view text);  // "02:00:5e:10:00:01"
  std::string to_string() const;
  constexpr bool is_multicast() const { return (bytes[0] & 1) != 0; }
  friend constexpr bool operator==(const MacAddress&, const MacAddress&) = default;
};
inline constexpr MacAddress kBroadcastMac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

struct Ipv4Address {
  Be32 value{};

  static base::Result<Ipv4Address> parse(std::string_view text);
  std::string to_string() const;
  friend constexpr bool operator==(Ipv4Address a, Ipv4Address b) { return a.value == b.value; }
  friend constexpr auto operator<=>(Ipv4Address a, Ipv4Address b) { return a.value <=> b.value; }
};

struct Ipv6Address {
  std::array<std::uint8_t, 16> bytes{};

  static base::Result<Ipv6Address> parse(std::string_view text);
  std::string to_string() const;
  friend constexpr auto operator<=>(const Ipv6Address&, const Ipv6Address&) = default;
};

// One address of either family, for the control plane. Orders all IPv4 before all IPv6, then by number.
class IpAddress {
 public:
  constexpr IpAddress() = default;                                          // 0.0.0.0
  constexpr IpAddress(Ipv4Address address) : v4_{address} {}                // NOLINT: widening is meant
  constexpr IpAddress(Ipv6Address address) : is_v6_{true}, v6_{address} {}  // NOLINT: widening is meant

  static base::Result<IpAddress> parse(std::string_view text);
  std::string to_string() const;
  constexpr bool is_v4() const { return !is_v6_; }
  constexpr bool is_v6() const { return is_v6_; }
  constexpr Ipv4Address v4() const { return v4_; }         // 0.0.0.0 for an IPv6 address
  constexpr const Ipv6Address& v6() const { return v6_; }  // :: for an IPv4 address
  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  bool is_v6_ = false;
  Ipv4Address v4_{};
  Ipv6Address v6_{};
};

// An IPv4 network in CIDR form. Bits behind the prefix are zero in `first()`, kept in `address`.
struct Ipv4Prefix {
  Ipv4Address address;
  std::uint8_t length = 32;  // 0 to 32

  static base::Result<Ipv4Prefix> parse(std::string_view text);  // "192.0.2.0/24"; without a slash: /32
  std::string to_string() const;
  constexpr std::uint32_t mask() const { return length == 0 ? 0 : ~std::uint32_t{0} << (32 - length); }
  constexpr Ipv4Address first() const { return {Be32{address.value.host() & mask()}}; }
  constexpr Ipv4Address last() const { return {Be32{address.value.host() | ~mask()}}; }
  constexpr bool contains(Ipv4Address other) const { return (other.value.host() & mask()) == first().value.host(); }
  friend constexpr bool operator==(const Ipv4Prefix&, const Ipv4Prefix&) = default;
};

}  // namespace sluice::net

template <>
struct std::hash<sluice::net::Ipv4Address> {
  std::size_t operator()(sluice::net::Ipv4Address address) const noexcept {
    return address.value.raw() * 0x9e3779b97f4a7c15ULL;
  }
};
