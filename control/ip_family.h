#pragma once
// The two families of addresses, as Kubernetes names them.

#include <array>
#include <cstdint>
#include <string_view>

#include "net/address.h"

namespace sluice::control {

enum class IpFamily : std::uint8_t { kIpv4, kIpv6 };
inline constexpr std::array kIpFamilies{IpFamily::kIpv4, IpFamily::kIpv6};

constexpr std::string_view to_string(IpFamily family) { return family == IpFamily::kIpv4 ? "IPv4" : "IPv6"; }
constexpr IpFamily family_of(const net::IpAddress& address) {
  return address.is_v4() ? IpFamily::kIpv4 : IpFamily::kIpv6;
}
constexpr IpFamily family_of(const net::IpPrefix& prefix) { return family_of(prefix.address()); }

}  // namespace sluice::control
