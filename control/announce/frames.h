#pragma once
// The frames that tell a segment where a VIP is: ARP announcements (RFC 5227 section 3) for IPv4, unsolicited neighbour
// advertisements (RFC 4861 4.4, 7.2.6) for IPv6. Pure.

#include <cstdint>
#include <vector>

#include "net/address.h"
#include "net/headers.h"

namespace sluice::control::announce {

using Frame = std::vector<std::uint8_t>;  // At least the 60 bytes that Ethernet carries; zeros at the end.

// `operation` is net::kArpRequest or net::kArpReply. Sender and target address both are the VIP.
Frame arp_announcement(net::Ipv4Address vip, net::MacAddress mac, net::Be16 operation);

// To all nodes; with the override flag, so that who knows another MAC for the VIP forgets it.
Frame neighbour_advertisement(const net::Ipv6Address& vip, net::MacAddress mac);

// What announces a VIP once: for IPv4 a request and a reply, since some receivers learn only from one of them.
std::vector<Frame> announcement(const net::IpAddress& vip, net::MacAddress mac);

}  // namespace sluice::control::announce
