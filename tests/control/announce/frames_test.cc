#include "control/announce/frames.h"

#include <gtest/gtest.h>

namespace sluice::control::announce {
namespace {

const net::MacAddress kMac{{0x02, 0, 0, 0, 0, 0x01}};
const net::Ipv4Address kVip{net::Be32{0xcb007140}};  // 203.0.113.64

TEST(ArpAnnouncement, AsARequestIsAsRfc5227WantsIt) {
  Frame expected{
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0,    0,    0, 0x01, 0x08, 0x06,  // Ethernet: to all, from us, ARP
      0,    1,    0x08, 0,    6,    4,    0,    1,                                   // Ethernet, IPv4, sizes, request
      0x02, 0,    0,    0,    0,    0x01, 0xcb, 0, 0x71, 0x40,                       // sender
      0,    0,    0,    0,    0,    0,    0xcb, 0, 0x71, 0x40,                       // target
  };
  expected.resize(60);
  EXPECT_EQ(arp_announcement(kVip, kMac, net::kArpRequest), expected);
}

TEST(ArpAnnouncement, AsAReplyNamesTheMacToLearnTwice) {
  Frame expected{
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0,    0,    0, 0x01, 0x08, 0x06,  //
      0,    1,    0x08, 0,    6,    4,    0,    2,                                   // reply
      0x02, 0,    0,    0,    0,    0x01, 0xcb, 0, 0x71, 0x40,                       //
      0x02, 0,    0,    0,    0,    0x01, 0xcb, 0, 0x71, 0x40,
  };
  expected.resize(60);
  EXPECT_EQ(arp_announcement(kVip, kMac, net::kArpReply), expected);
}

TEST(NeighbourAdvertisement, IsAsRfc4861WantsAnUnsolicitedOne) {
  const Frame expected{
      0x33, 0x33, 0,    0,    0,    0x01, 0x02, 0,    0, 0, 0, 0x01, 0x86, 0xdd,  // Ethernet: to all nodes, from us
      0x60, 0,    0,    0,    0,    32,   58,   255,                              // IPv6: 32 bytes, ICMPv6, hops
      0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,    0,    0, 0, 0, 0,    0,    0,    0, 9,  // source
      0xff, 0x02, 0,    0,    0,    0,    0,    0,    0, 0, 0, 0,    0,    0,    0, 1,  // destination
      136,  0,    0xf9, 0x1a, 0x20, 0,    0,    0,                                      // checksum, override
      0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,    0,    0, 0, 0, 0,    0,    0,    0, 9,  // target
      2,    1,    0x02, 0,    0,    0,    0,    0x01,                                   // option: its MAC address
  };
  const auto vip = net::Ipv6Address::parse("2001:db8::9").value();
  EXPECT_EQ(neighbour_advertisement(vip, kMac), expected);
}

TEST(Announcement, HasTwoFormsForIpv4AndOneForIpv6) {
  EXPECT_EQ(announcement(kVip, kMac).size(), 2U);
  const auto six = announcement(net::Ipv6Address::parse("2001:db8::9").value(), kMac);
  ASSERT_EQ(six.size(), 1U);
  EXPECT_EQ(six[0].size(), 86U);
}

}  // namespace
}  // namespace sluice::control::announce
