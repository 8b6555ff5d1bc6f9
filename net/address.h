#pragma once
// Addresses of the link and of the network, with their text forms (RFC 4291, RFC 5952, RFC 4632).

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
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
  using Number = std::uint32_t;
  Be32 value{};

  constexpr Number number() const { return value.host(); }
  static constexpr Ipv4Address from_number(Number number) { return {Be32{number}}; }

  static base::Result<Ipv4Address> parse(std::string_view text);
  std::string to_string() const;
  friend constexpr bool operator==(Ipv4Address a, Ipv4Address b) { return a.value == b.value; }
  friend constexpr auto operator<=>(Ipv4Address a, Ipv4Address b) { return a.value <=> b.value; }
};

struct Ipv6Address {
  __extension__ using Number = unsigned __int128;
  std::array<std::uint8_t, 16> bytes{};

  constexpr Number number() const {
    const auto halves = std::bit_cast<Halves>(bytes);
    return Number{halves.upper.host()} << 64 | halves.lower.host();
  }
  static constexpr Ipv6Address from_number(Number number) {
    const Halves halves{Be64{static_cast<std::uint64_t>(number >> 64)}, Be64{static_cast<std::uint64_t>(number)}};
    return {std::bit_cast<std::array<std::uint8_t, 16>>(halves)};
  }
  constexpr bool is_multicast() const { return bytes[0] == 0xff; }
  constexpr bool is_link_local() const { return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80; }  // fe80::/10

  static base::Result<Ipv6Address> parse(std::string_view text);
  std::string to_string() const;
  friend constexpr auto operator<=>(const Ipv6Address&, const Ipv6Address&) = default;

 private:
  struct Halves {
    Be64 upper, lower;
  };
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

// The two families, for code that is written once for both.
struct Ipv4 {
  using Address = Ipv4Address;
  static constexpr unsigned kBits = 32;
  static constexpr std::string_view kName = "IPv4";
};
struct Ipv6 {
  using Address = Ipv6Address;
  static constexpr unsigned kBits = 128;
  static constexpr std::string_view kName = "IPv6";
};

// A network in CIDR form (RFC 4632, RFC 4291 2.3). Bits behind the prefix are zero in `first()`, kept in `address`.
template <typename Family>
struct Prefix {
  using Address = typename Family::Address;
  using Number = typename Address::Number;

  Address address;
  std::uint8_t length = Family::kBits;  // 0 to kBits

  static base::Result<Prefix> parse(std::string_view text);  // "192.0.2.0/24"; without a slash: one address
  std::string to_string() const { return address.to_string() + "/" + std::to_string(length); }
  constexpr Number mask() const {
    return length == 0 ? Number{0} : static_cast<Number>(~Number{0} << (Family::kBits - length));
  }
  constexpr Address first() const { return Address::from_number(address.number() & mask()); }
  constexpr Address last() const { return Address::from_number(address.number() | ~mask()); }
  constexpr bool contains(Address other) const { return (other.number() & mask()) == (address.number() & mask()); }
  friend constexpr bool operator==(const Prefix&, const Prefix&) = default;
};
using Ipv4Prefix = Prefix<Ipv4>;
using Ipv6Prefix = Prefix<Ipv6>;

// A network of either family, for the control plane.
class IpPrefix {
 public:
  constexpr IpPrefix() = default;                                                              // 0.0.0.0/32
  constexpr IpPrefix(Ipv4Prefix prefix) : address_{prefix.address}, length_{prefix.length} {}  // NOLINT: is meant
  constexpr IpPrefix(Ipv6Prefix prefix) : address_{prefix.address}, length_{prefix.length} {}  // NOLINT: is meant

  static base::Result<IpPrefix> parse(std::string_view text);
  std::string to_string() const { return address_.to_string() + "/" + std::to_string(length_); }
  constexpr bool is_v4() const { return address_.is_v4(); }
  constexpr bool is_v6() const { return address_.is_v6(); }
  constexpr IpAddress address() const { return address_; }
  constexpr std::uint8_t length() const { return length_; }
  constexpr Ipv4Prefix v4() const { return {address_.v4(), length_}; }  // Only of an IPv4 prefix.
  constexpr Ipv6Prefix v6() const { return {address_.v6(), length_}; }  // Only of an IPv6 prefix.
  constexpr bool contains(IpAddress other) const {
    if (other.is_v4() != is_v4()) return false;
    return is_v4() ? v4().contains(other.v4()) : v6().contains(other.v6());
  }
  friend constexpr auto operator<=>(const IpPrefix&, const IpPrefix&) = default;

 private:
  IpAddress address_;
  std::uint8_t length_ = Ipv4::kBits;
};

}  // namespace sluice::net

template <>
struct std::hash<sluice::net::Ipv4Address> {
  std::size_t operator()(sluice::net::Ipv4Address address) const noexcept {
    return address.value.raw() * 0x9e3779b97f4a7c15ULL;
  }
};
