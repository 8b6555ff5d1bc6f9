#include "net/endpoint.h"

#include <algorithm>
#include <charconv>

namespace sluice::net {
namespace {

using base::fail;
using base::Result;

struct Parts {
  std::string_view host;
  std::string_view rest;  // From the port's colon on; empty without a port.
  bool has_brackets = false;
};

Result<Parts> split(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return fail("its bracket is not closed");
    return Parts{.host = text.substr(1, end - 1), .rest = text.substr(end + 1), .has_brackets = true};
  }
  const bool has_port = std::ranges::count(text, ':') == 1;  // With more of them, it is IPv6.
  const auto end = has_port ? text.find(':') : text.size();
  return Parts{.host = text.substr(0, end), .rest = text.substr(end)};
}

Result<IpAddress> parse_host(const Parts& parts) {
  if (parts.host.find('%') != std::string_view::npos) return fail("an address has no zone here");
  if (!parts.has_brackets) return IpAddress::parse(parts.host);
  const auto address = Ipv6Address::parse(parts.host);
  if (!address) return fail(address.message());
  return IpAddress{*address};
}

Result<std::optional<Be16>> parse_rest(std::string_view rest) {
  if (rest.empty()) return std::optional<Be16>{};
  if (rest[0] != ':') return fail("only a colon and a port can follow the bracket");
  std::uint16_t port = 0;
  const char* const end = rest.data() + rest.size();
  const auto read = std::from_chars(rest.data() + 1, end, port);
  if (read.ec != std::errc{} || read.ptr != end || port == 0) return fail("a port is a number from 1 to 65535");
  return std::optional{Be16{port}};
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view text) {
  const auto wrong = [text](const std::string& why) { return fail("'" + std::string{text} + "': " + why); };
  const auto parts = split(text);
  if (!parts) return wrong(parts.message());
  const auto address = parse_host(*parts);
  if (!address) return wrong(address.message());
  const auto port = parse_rest(parts->rest);
  if (!port) return wrong(port.message());
  return Endpoint{.address = *address, .port = *port};
}

std::string with_port(std::string_view host, Be16 port) {
  const bool needs_brackets = host.find(':') != std::string_view::npos;
  const std::string text{host};
  return (needs_brackets ? "[" + text + "]" : text) + ":" + std::to_string(port.host());
}

}  // namespace sluice::net
