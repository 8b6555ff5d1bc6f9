#include "control/netlink/parse.h"

#include <net/if_arp.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

namespace sluice::control::netlink {
namespace {

std::optional<net::IpAddress> ip_address(Bytes bytes) {
  if (bytes.size() == 4) return net::Ipv4Address{read_as<net::Be32>(bytes).value()};
  if (bytes.size() != 16) return std::nullopt;
  net::Ipv6Address address;
  std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
  return address;
}

// Zero when the link's addresses are not Ethernet's.
net::MacAddress mac_address(Bytes bytes) {
  net::MacAddress mac;
  if (bytes.size() == mac.bytes.size()) std::copy(bytes.begin(), bytes.end(), mac.bytes.begin());
  return mac;
}

std::uint32_t number(Bytes bytes) { return read_as<std::uint32_t>(bytes).value_or(0); }

std::string text(Bytes bytes) {
  const auto end = std::find(bytes.begin(), bytes.end(), std::uint8_t{0});
  return {bytes.begin(), end};
}

Event parse_link(Bytes payload, Change change) {
  const auto header = read_as<ifinfomsg>(payload);
  // Bridges and IPv6 tell of their own side of a link in messages of their own family.
  if (!header || header->ifi_family != AF_UNSPEC) return {};
  Link link{.index = header->ifi_index,
            .up = (header->ifi_flags & IFF_UP) != 0,
            .running = (header->ifi_flags & IFF_RUNNING) != 0};
  for_each_attribute(behind(payload, sizeof *header), [&](const Attribute& attribute) {
    if (attribute.type == IFLA_IFNAME) link.name = text(attribute.payload);
    if (attribute.type == IFLA_ADDRESS) link.mac = mac_address(attribute.payload);
    if (attribute.type == IFLA_MTU) link.mtu = number(attribute.payload);
  });
  return LinkEvent{change, std::move(link)};
}

Event parse_address(Bytes payload, Change change) {
  const auto header = read_as<ifaddrmsg>(payload);
  if (!header) return {};
  std::optional<net::IpAddress> local, peer;
  for_each_attribute(behind(payload, sizeof *header), [&](const Attribute& attribute) {
    if (attribute.type == IFA_LOCAL) local = ip_address(attribute.payload);
    if (attribute.type == IFA_ADDRESS) peer = ip_address(attribute.payload);
  });
  if (!local) local = peer;  // IPv6 says IFA_LOCAL only on point-to-point links.
  if (!local) return {};
  return AddressEvent{change, {static_cast<int>(header->ifa_index), *local, header->ifa_prefixlen}};
}

struct CountedHop {
  NextHop hop;
  bool alive = true;
};

CountedHop parse_hop(Bytes attributes, CountedHop hop) {
  for_each_attribute(attributes, [&](const Attribute& attribute) {
    if (attribute.type == RTA_GATEWAY) hop.hop.gateway = ip_address(attribute.payload);
    if (attribute.type == RTA_VIA && attribute.payload.size() > 2) {
      hop.hop.gateway = ip_address(attribute.payload.subspan(2));  // Behind the address family.
    }
    if (attribute.type == RTA_OIF) hop.hop.link = static_cast<int>(number(attribute.payload));
  });
  return hop;
}

void add_hop(RouteEvent& event, const CountedHop& hop) {
  event.all_next_hops.push_back(hop.hop);
  if (hop.alive) event.route.next_hops.push_back(hop.hop);
}

void parse_multipath(Bytes bytes, RouteEvent& event) {
  while (const auto header = read_as<rtnexthop>(bytes)) {
    if (header->rtnh_len < sizeof(rtnexthop) || header->rtnh_len > bytes.size()) return;
    const CountedHop hop{
        .hop = {.link = header->rtnh_ifindex, .weight = static_cast<std::uint16_t>(header->rtnh_hops + 1)},
        .alive = (header->rtnh_flags & RTNH_F_DEAD) == 0};
    add_hop(event, parse_hop(behind(bytes.first(header->rtnh_len), sizeof(rtnexthop)), hop));
    bytes = behind(bytes, header->rtnh_len);
  }
}

std::optional<RouteKind> route_kind(unsigned type) {
  switch (type) {
    case RTN_UNICAST: return RouteKind::kUnicast;
    case RTN_BLACKHOLE:
    case RTN_UNREACHABLE:
    case RTN_PROHIBIT:
    case RTN_THROW: return RouteKind::kUnreachable;
    default: return std::nullopt;
  }
}

// The whole family when the message names no destination.
std::optional<net::IpPrefix> prefix_of(const rtmsg& header, const std::optional<net::IpAddress>& destination) {
  const net::IpAddress any =
      header.rtm_family == AF_INET ? net::IpAddress{net::Ipv4Address{}} : net::IpAddress{net::Ipv6Address{}};
  const net::IpAddress address = destination.value_or(any);
  if (address.is_v4() != any.is_v4() || header.rtm_dst_len > (any.is_v4() ? 32 : 128)) return std::nullopt;
  if (address.is_v4()) return net::Ipv4Prefix{address.v4(), header.rtm_dst_len};
  return net::Ipv6Prefix{address.v6(), header.rtm_dst_len};
}

Event parse_route(Bytes payload, Change change, std::uint16_t flags) {
  const auto header = read_as<rtmsg>(payload);
  if (!header || (header->rtm_family != AF_INET && header->rtm_family != AF_INET6)) return {};
  const auto kind = route_kind(header->rtm_type);
  if (!kind || header->rtm_tos != 0 || (header->rtm_flags & RTM_F_CLONED) != 0) return {};
  RouteEvent event{.change = change, .replaces = (flags & NLM_F_REPLACE) != 0};
  event.route.kind = *kind;
  std::uint32_t table = header->rtm_table;
  std::optional<net::IpAddress> destination;
  Bytes multipath;
  const Bytes attributes = behind(payload, sizeof *header);
  for_each_attribute(attributes, [&](const Attribute& attribute) {
    const auto address = ip_address(attribute.payload);
    if (attribute.type == RTA_TABLE) table = number(attribute.payload);
    if (attribute.type == RTA_PRIORITY) event.route.metric = number(attribute.payload);
    if (attribute.type == RTA_MULTIPATH) multipath = attribute.payload;
    if (attribute.type == RTA_DST) destination = address;
    if (attribute.type == RTA_PREFSRC) event.route.source = address;
  });
  const auto prefix = prefix_of(*header, destination);
  if (table != RT_TABLE_MAIN || !prefix || prefix->address().v6().is_link_local()) return {};
  event.route.prefix = *prefix;
  if (*kind == RouteKind::kUnreachable) return event;
  if (multipath.empty()) {
    add_hop(event, parse_hop(attributes, {.alive = (header->rtm_flags & RTNH_F_DEAD) == 0}));
  } else {
    parse_multipath(multipath, event);
  }
  return event;
}

std::optional<NeighbourState> neighbour_state(unsigned state) {
  switch (state) {
    case NUD_NONE: return NeighbourState::kNone;
    case NUD_INCOMPLETE: return NeighbourState::kIncomplete;
    case NUD_REACHABLE: return NeighbourState::kReachable;
    case NUD_STALE: return NeighbourState::kStale;
    case NUD_DELAY: return NeighbourState::kDelay;
    case NUD_PROBE: return NeighbourState::kProbe;
    case NUD_FAILED: return NeighbourState::kFailed;
    case NUD_NOARP: return NeighbourState::kNoArp;
    case NUD_PERMANENT: return NeighbourState::kPermanent;
    default: return std::nullopt;
  }
}

Event parse_neighbour(Bytes payload, Change change) {
  const auto header = read_as<ndmsg>(payload);
  if (!header || (header->ndm_family != AF_INET && header->ndm_family != AF_INET6)) return {};
  const auto state = neighbour_state(header->ndm_state);
  if (!state || (header->ndm_flags & NTF_PROXY) != 0) return {};
  Neighbour neighbour{.key = {.link = header->ndm_ifindex}, .state = *state};
  bool named = false;
  for_each_attribute(behind(payload, sizeof *header), [&](const Attribute& attribute) {
    if (attribute.type == NDA_LLADDR) neighbour.mac = mac_address(attribute.payload);
    if (attribute.type != NDA_DST) return;
    const auto address = ip_address(attribute.payload);
    named = address.has_value();
    if (named) neighbour.key.address = *address;
  });
  if (!named) return {};
  return NeighbourEvent{change, neighbour};
}

}  // namespace

Event parse(const MessageView& message) {
  switch (message.type) {
    case RTM_NEWLINK: return parse_link(message.payload, Change::kSet);
    case RTM_DELLINK: return parse_link(message.payload, Change::kRemoved);
    case RTM_NEWADDR: return parse_address(message.payload, Change::kSet);
    case RTM_DELADDR: return parse_address(message.payload, Change::kRemoved);
    case RTM_NEWROUTE: return parse_route(message.payload, Change::kSet, message.flags);
    case RTM_DELROUTE: return parse_route(message.payload, Change::kRemoved, 0);
    case RTM_NEWNEIGH: return parse_neighbour(message.payload, Change::kSet);
    case RTM_DELNEIGH: return parse_neighbour(message.payload, Change::kRemoved);
    default: return {};
  }
}

std::optional<Acknowledgement> parse_acknowledgement(const MessageView& message) {
  const auto header = read_as<nlmsgerr>(message.payload);
  if (message.type != NLMSG_ERROR || !header) return std::nullopt;
  Acknowledgement result{.error = -header->error, .text = {}};
  if ((message.flags & NLM_F_ACK_TLVS) == 0) return result;
  // The request follows, unless the kernel left it out; then the attributes.
  const bool capped = (message.flags & NLM_F_CAPPED) != 0 || header->msg.nlmsg_len < sizeof(nlmsghdr);
  const std::size_t request_bytes = capped ? 0 : header->msg.nlmsg_len - sizeof(nlmsghdr);
  for_each_attribute(behind(message.payload, sizeof *header + request_bytes), [&](const Attribute& attribute) {
    if (attribute.type == NLMSGERR_ATTR_MSG) result.text = text(attribute.payload);
  });
  return result;
}

}  // namespace sluice::control::netlink
