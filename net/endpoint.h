#pragma once
// An address and a port in one text, as people type and read it: "203.0.113.64:80", "[2001:db8::40]:443" (RFC 3986
// 3.2.2, RFC 5952 6).

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/address.h"
#include "net/byte_order.h"

namespace sluice::net {

struct Endpoint {
  IpAddress address;
  std::optional<Be16> port;  // Never zero.

  // With or without a port. An IPv6 address without a port needs no brackets.
  static base::Result<Endpoint> parse(std::string_view text);
};

// Brackets where `host` has colons. It may be a name.
std::string with_port(std::string_view host, Be16 port);

}  // namespace sluice::net
