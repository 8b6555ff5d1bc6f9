#pragma once
// Sets links, addresses and routes of the kernel, as the configuration wants them for our ports' TAPs.
//
// All calls are idempotent: what is already so is not an error. Errors name their subject: "port wan: add address
// 203.0.113.2/24: Operation not permitted". Interfaces are named; one that does not exist is an error.

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "control/netlink/socket.h"
#include "net/address.h"

namespace sluice::control::netlink {

struct InterfaceAddress {
  net::IpAddress address;
  std::uint8_t prefix_length = 32;  // Up to 32 for IPv4, up to 128 for IPv6.
  bool operator==(const InterfaceAddress&) const = default;
};

struct StaticRoute {
  net::IpPrefix prefix;
  std::optional<net::IpAddress> gateway;  // Of the same family. None: directly on the link.
  std::uint32_t metric = 0;
  bool operator==(const StaticRoute&) const = default;
};

class Configurator {
 public:
  static base::Result<Configurator> open();

  base::Result<> set_up(const std::string& interface);
  base::Result<> set_mac(const std::string& interface, net::MacAddress mac);
  base::Result<> set_mtu(const std::string& interface, std::uint32_t mtu_bytes);
  // How soon the kernel asks a silent neighbour whether it is there: after 5 to 15 s, of both families. By default
  // it believes for up to 45 s, and what passes the engine tells it nothing.
  base::Result<> hasten_neighbour_checks(const std::string& interface);
  // One of IPv6 holds at once: nobody is asked whether he has it (no duplicate address detection), since packets pass a
  // TAP only when the engine runs.
  base::Result<> add_address(const std::string& interface, const InterfaceAddress& address);
  // Into the main table; takes the place of a route with the same prefix and metric.
  base::Result<> replace_route(const std::string& interface, const StaticRoute& route);

 private:
  explicit Configurator(Socket socket) : socket_{std::move(socket)} {}

  Socket socket_;
};

}  // namespace sluice::control::netlink
