#include "conf/syntax.h"

#include <cctype>
#include <charconv>
#include <regex>

namespace sluice::conf {
namespace {

using base::fail;
using base::Result;
using net::IpAddress;
using net::IpPrefix;

std::string quoted(std::string_view text) { return "'" + std::string{text} + "'"; }

AddressRange range_of(const IpPrefix& prefix) {
  if (prefix.is_v4()) return {prefix.v4().first(), prefix.v4().last()};
  return {prefix.v6().first(), prefix.v6().last()};
}

bool read_port(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

}  // namespace

Result<AddressRange> parse_address_range(std::string_view text) {
  const auto wrong = [&] { return fail("expected CIDR or FIRST-LAST, got " + quoted(text)); };
  if (text.find('/') != std::string_view::npos) {
    if (!IpPrefix::parse(text)) return wrong();
    const auto network = parse_network(text);
    if (!network) return fail(network.message());
    return range_of(*network);
  }
  const auto dash = text.find('-');
  const auto first = IpAddress::parse(text.substr(0, dash));
  if (!first) return wrong();
  if (dash == std::string_view::npos) return AddressRange{*first, *first};
  const auto last = IpAddress::parse(text.substr(dash + 1));
  if (!last) return wrong();
  if (first->is_v4() != last->is_v4()) return fail("one end is IPv4 and the other IPv6 in " + quoted(text));
  if (*last < *first) return fail("the first address comes after the last in " + quoted(text));
  return AddressRange{*first, *last};
}

Result<PortRange> parse_port_range(std::string_view text) {
  PortRange range{};
  const auto dash = text.find('-');
  if (dash == std::string_view::npos || !read_port(text.substr(0, dash), range.first) ||
      !read_port(text.substr(dash + 1), range.last)) {
    return fail("expected FIRST-LAST with ports from 1 to 65535, got " + quoted(text));
  }
  if (range.last < range.first) return fail("the first port comes after the last in " + quoted(text));
  return range;
}

Result<Device> parse_device(std::string_view text) {
  static const std::regex pci_address{"([0-9a-fA-F]{4,8}:)?[0-9a-fA-F]{2}:[0-1][0-9a-fA-F]\\.[0-7]"};
  const auto colon = text.find(':');
  const std::string_view kind = colon == std::string_view::npos ? "" : text.substr(0, colon);
  const std::string name{colon == std::string_view::npos ? "" : text.substr(colon + 1)};
  if (kind == "pci") {
    if (std::regex_match(name, pci_address)) return Device{DeviceKind::kPci, name};
    return fail("expected a PCI address like pci:0000:03:00.0, got " + quoted(text));
  }
  if (kind == "interface") {
    if (const auto checked = check_interface_name(name); !checked) return fail(checked.message());
    return Device{DeviceKind::kInterface, name};
  }
  if (kind == "vdev" && !name.empty()) return Device{DeviceKind::kVdev, name};
  return fail("expected pci:ADDRESS, interface:NAME or vdev:STRING, got " + quoted(text));
}

Result<> check_interface_name(std::string_view name) {
  if (name.empty()) return fail("expected the name of an interface, got nothing");
  if (name.size() > 15) {
    return fail(quoted(name) + " has " + std::to_string(name.size()) +
                " characters; the name of an interface has at most 15");
  }
  for (const char c : name) {
    if (c == '/' || c == ':' || std::isgraph(static_cast<unsigned char>(c)) == 0) {
      return fail(quoted(name) + " cannot be the name of an interface: no slashes, colons and blanks");
    }
  }
  if (name == "." || name == "..") return fail(quoted(name) + " cannot be the name of an interface");
  return {};
}

Result<IpPrefix> parse_interface_address(std::string_view text) {
  const auto prefix = IpPrefix::parse(text);
  if (!prefix || text.find('/') == std::string_view::npos) {
    return fail("expected ADDRESS/LENGTH like 192.0.2.1/24 or 2001:db8::1/64, got " + quoted(text));
  }
  return *prefix;
}

Result<IpPrefix> parse_network(std::string_view text) {
  const auto prefix = IpPrefix::parse(text);
  if (!prefix || text.find('/') == std::string_view::npos) {
    return fail("expected NETWORK/LENGTH like 192.0.2.0/24 or 2001:db8::/64, got " + quoted(text));
  }
  const IpAddress first = range_of(*prefix).first;
  if (prefix->address() != first) {
    return fail(quoted(text) + " has bits behind its length; the network is " + first.to_string() + "/" +
                std::to_string(prefix->length()));
  }
  return *prefix;
}

}  // namespace sluice::conf
