#include "net/address.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstdio>
#include <cstring>

namespace sluice::net {
namespace {

using base::fail;
using base::Result;

std::string quoted(std::string_view text) { return "'" + std::string{text} + "'"; }

}  // namespace

Result<MacAddress> MacAddress::parse(std::string_view text) {
  MacAddress mac;
  const auto wrong = [&] {
    return fail("MAC address: expected six hex pairs like 02:00:5e:10:00:01, got " + quoted(text));
  };
  if (text.size() != 17) return wrong();
  for (std::size_t i = 0; i < 6; ++i) {
    const char* at = text.data() + 3 * i;
    const auto [end, error] = std::from_chars(at, at + 2, mac.bytes[i], 16);
    if (error != std::errc{} || end != at + 2) return wrong();
    if (i < 5 && at[2] != ':' && at[2] != '-') return wrong();
  }
  return mac;
}

std::string MacAddress::to_string() const {
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
                bytes[5]);
  return text;
}

Result<Ipv4Address> Ipv4Address::parse(std::string_view text) {
  in_addr address{};
  if (::inet_pton(AF_INET, std::string{text}.c_str(), &address) != 1) {
    return fail("IPv4 address: expected four numbers like 192.0.2.1, got " + quoted(text));
  }
  return Ipv4Address{Be32::from_raw(address.s_addr)};
}

std::string Ipv4Address::to_string() const {
  char text[INET_ADDRSTRLEN];
  const auto raw = value.raw();
  return ::inet_ntop(AF_INET, &raw, text, sizeof text);
}

Result<Ipv6Address> Ipv6Address::parse(std::string_view text) {
  Ipv6Address address;
  if (::inet_pton(AF_INET6, std::string{text}.c_str(), address.bytes.data()) != 1) {
    return fail("IPv6 address: expected a form like 2001:db8::1, got " + quoted(text));
  }
  return address;
}

std::string Ipv6Address::to_string() const {
  char text[INET6_ADDRSTRLEN];
  return ::inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find(':') != std::string_view::npos) {
    auto v6 = Ipv6Address::parse(text);
    if (!v6) return fail(v6.message());
    return IpAddress{*v6};
  }
  auto v4 = Ipv4Address::parse(text);
  if (!v4) return fail(v4.message());
  return IpAddress{*v4};
}

std::string IpAddress::to_string() const { return is_v6_ ? v6_.to_string() : v4_.to_string(); }

template <typename Family>
Result<Prefix<Family>> Prefix<Family>::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = Address::parse(text.substr(0, slash));
  if (!address) return fail(address.message());
  if (slash == std::string_view::npos) return Prefix{*address, Family::kBits};
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc{} || end != digits.data() + digits.size() || length > Family::kBits) {
    return fail(std::string{Family::kName} + " prefix: expected a length from 0 to " + std::to_string(Family::kBits) +
                " behind the slash, got " + quoted(text));
  }
  return Prefix{*address, static_cast<std::uint8_t>(length)};
}
template struct Prefix<Ipv4>;
template struct Prefix<Ipv6>;

Result<IpPrefix> IpPrefix::parse(std::string_view text) {
  if (text.find(':') != std::string_view::npos) {
    const auto v6 = Ipv6Prefix::parse(text);
    if (!v6) return fail(v6.message());
    return IpPrefix{*v6};
  }
  const auto v4 = Ipv4Prefix::parse(text);
  if (!v4) return fail(v4.message());
  return IpPrefix{*v4};
}

}  // namespace sluice::net
