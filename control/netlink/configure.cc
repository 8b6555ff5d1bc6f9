#include "control/netlink/configure.h"

#include <net/if.h>

#include <cstring>
#include <utility>

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

namespace sluice::control::netlink {
namespace {

// Runs `act` with the interface's index; puts the subject before whatever goes wrong.
template <typename Act>
base::Result<> with_interface(const std::string& interface, const std::string& what, Act act) {
  const unsigned index = ::if_nametoindex(interface.c_str());
  const base::Result<> result =
      index != 0 ? act(static_cast<int>(index)) : base::Result<>{base::fail("no such interface")};
  if (result) return {};
  return base::fail("port " + interface + ": " + what + ": " + result.message());
}

Request link_request(std::uint16_t type, int index) {
  Request request{type, 0};
  request.fixed_header<ifinfomsg>().ifi_index = index;
  return request;
}

base::Result<Link> read_link(Socket& socket, int index) {
  Link link;
  const auto result = socket.execute(link_request(RTM_GETLINK, index), [&](const MessageView& message) {
    const Event event = parse(message);
    if (const auto* told = std::get_if<LinkEvent>(&event)) link = told->link;
  });
  if (!result) return base::fail(result.message());
  return link;
}

}  // namespace

base::Result<Configurator> Configurator::open() {
  auto socket = Socket::open();
  if (!socket) return base::fail(socket.message());
  return Configurator{std::move(*socket)};
}

base::Result<> Configurator::set_up(const std::string& interface) {
  return with_interface(interface, "set up", [&](int index) {
    Request request{RTM_NEWLINK, 0};
    auto& header = request.fixed_header<ifinfomsg>();
    header.ifi_index = index;
    header.ifi_flags = IFF_UP;
    header.ifi_change = IFF_UP;
    return socket_.execute(request);
  });
}

base::Result<> Configurator::set_mac(const std::string& interface, net::MacAddress mac) {
  return with_interface(interface, "set MAC " + mac.to_string(), [&](int index) -> base::Result<> {
    // Some drivers refuse any MAC while they are up, also the one they have.
    const auto link = read_link(socket_, index);
    if (!link) return base::fail(link.message());
    if (link->mac == mac) return {};
    return socket_.execute(link_request(RTM_NEWLINK, index).put(IFLA_ADDRESS, Bytes{mac.bytes}));
  });
}

base::Result<> Configurator::set_mtu(const std::string& interface, std::uint32_t mtu_bytes) {
  return with_interface(interface, "set MTU " + std::to_string(mtu_bytes), [&](int index) {
    return socket_.execute(link_request(RTM_NEWLINK, index).put(IFLA_MTU, mtu_bytes));
  });
}

base::Result<> Configurator::hasten_neighbour_checks(const std::string& interface) {
  struct Number {
    std::uint16_t length = sizeof(Number);
    std::uint16_t type;
    std::uint32_t value;
  };
  struct [[gnu::packed]] Milliseconds {
    std::uint16_t length = sizeof(Milliseconds);
    std::uint16_t type;
    std::uint64_t value;
  };
  return with_interface(interface, "set times of neighbours", [&](int index) -> base::Result<> {
    const struct {
      Number interface;
      Milliseconds between_checks{.type = NDTPA_BASE_REACHABLE_TIME, .value = 10'000};  // Half to one and a half of it.
      Milliseconds before_asking{.type = NDTPA_DELAY_PROBE_TIME, .value = 1'000};
    } times{.interface = {.type = NDTPA_IFINDEX, .value = static_cast<std::uint32_t>(index)}};
    static_assert(sizeof times == 32);
    for (const auto& [family, table] : {std::pair{AF_INET, "arp_cache"}, std::pair{AF_INET6, "ndisc_cache"}}) {
      Request request{RTM_SETNEIGHTBL, 0};
      request.fixed_header<ndtmsg>().ndtm_family = static_cast<std::uint8_t>(family);
      request.put(NDTA_NAME, Bytes{reinterpret_cast<const std::uint8_t*>(table), std::strlen(table) + 1});
      request.put(NDTA_PARMS | NLA_F_NESTED, Bytes{reinterpret_cast<const std::uint8_t*>(&times), sizeof times});
      if (auto done = socket_.execute(request); !done) return done;
    }
    return {};
  });
}

base::Result<> Configurator::add_address(const std::string& interface, const InterfaceAddress& address) {
  const std::string text = address.address.to_string() + "/" + std::to_string(address.prefix_length);
  return with_interface(interface, "add address " + text, [&](int index) -> base::Result<> {
    if (address.prefix_length > (address.address.is_v4() ? 32 : 128)) return base::fail("no such prefix length");
    Request request{RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE};
    auto& header = request.fixed_header<ifaddrmsg>();
    header.ifa_family = address.address.is_v4() ? AF_INET : AF_INET6;
    header.ifa_prefixlen = address.prefix_length;
    header.ifa_index = static_cast<unsigned>(index);
    if (address.address.is_v6()) header.ifa_flags = IFA_F_NODAD;
    request.put(IFA_LOCAL, address.address).put(IFA_ADDRESS, address.address);
    return socket_.execute(request);
  });
}

base::Result<> Configurator::replace_route(const std::string& interface, const StaticRoute& route) {
  const std::string via = route.gateway ? " via " + route.gateway->to_string() : "";
  return with_interface(interface, "set route " + route.prefix.to_string() + via, [&](int index) {
    Request request{RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE};
    auto& header = request.fixed_header<rtmsg>();
    header.rtm_family = route.prefix.is_v4() ? AF_INET : AF_INET6;
    header.rtm_dst_len = route.prefix.length();
    header.rtm_table = RT_TABLE_MAIN;
    header.rtm_protocol = RTPROT_STATIC;
    header.rtm_scope = route.gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
    header.rtm_type = RTN_UNICAST;
    request.put(RTA_DST, route.prefix.address()).put(RTA_OIF, static_cast<std::uint32_t>(index));
    if (route.gateway) request.put(RTA_GATEWAY, *route.gateway);
    if (route.metric != 0) request.put(RTA_PRIORITY, route.metric);
    return socket_.execute(request);
  });
}

}  // namespace sluice::control::netlink
