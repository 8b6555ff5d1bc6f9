#include "control/netlink/parse.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace sluice::control::netlink {
namespace {

// Recorded from Linux 6.18: `wan` (index 3) is one end of a veth pair.
constexpr std::string_view kAddressV4 =  // ip addr add 203.0.113.3/25 dev wan
    "4c000000140000008ab4046b73510000021980000300000008000100cb00710308000200cb0071030800030077616e00080008008000000014"
    "000600ffffffffffffffff9640030096400300";
constexpr std::string_view kAddressV6 =  // ip -6 addr add 2001:db8::3/64 dev wan nodad
    "480000001400000000000000000000000a408200030000001400010020010db800000000000000000000000314000600ffffffffffffffffbe"
    "400300be4003000800080082000000";
constexpr std::string_view kLocalRoute =  // Of the table "local"; comes with the address.
    "3c00000018000006000000000000000002200000ff02fe020000000008000f00ff00000008000100cb00710308000700cb0071030800040003"
    "000000";
constexpr std::string_view kDefaultRoute =  // ip route add default via 203.0.113.1 metric 100
    "3c000000180000068bb4046b7751000002000000fe0300010000000008000f00fe000000080006006400000008000500cb0071010800040003"
    "000000";
constexpr std::string_view
    kMultipath =  // … 10.0.0.0/8 nexthop via 203.0.113.10 weight 1 nexthop via 203.0.113.11 weight 3
    "50000000180000068bb4046b7951000002080000fe0300010000000008000f00fe000000080001000a00000024000900100000000300000008"
    "000500cb00710a100000020300000008000500cb00710b";
constexpr std::string_view kBlackhole =  // ip route add blackhole 192.0.2.0/24
    "2c000000180000068cb4046b7b51000002180000fe0300060000000008000f00fe00000008000100c0000200";
constexpr std::string_view kViaV6 =  // ip route add 198.51.100.0/24 via inet6 2001:db8::1 dev wan src 203.0.113.2
    "54000000180000068cb4046b7d51000002180000fe0300010000000008000f00fe00000008000100c633640008000700cb0071021600"
    "12000a0020010db800000000000000000000000100000800040003000000";
constexpr std::string_view kNeighbour =  // ip neigh add 203.0.113.1 lladdr 02:00:00:00:00:02 dev wan nud permanent
    "4c0000001c000000000000008251000002000000030000008000000108000100cb0071010a0002000200000000020000080004000000000014"
    "00030000000000000000000000000001000000";
constexpr std::string_view kNeighbourGone =  // ip neigh del 203.0.113.1 dev wan
    "400000001d000000000000000000000002000000030000002000000108000100cb007101080004000000000014000300280000002800000028"
    "00000000000000";

constexpr std::string_view kDefaultRouteV6 =  // ip -6 route add default via fe80::1 dev wan
    "7400000018000006f189086bea6c00000a000000fe0300010000000008000f00fe000000080006000004000014000500fe8000000000000000"
    "00000000000001080004000300000024000c000000000000000000000000000000000000000000000000000000000000000000050014000000"
    "0000";
constexpr std::string_view
    kMultipathV6 =  // … 2001:db8:a::/48 nexthop via 2001:db8::10 weight 1 nexthop via 2001:db8::11 weight 3
    "a800000018000004f289086bec6c00000a300000fe0300010000000008000f00fe0000001400010020010db8000a0000000000000000000008"
    "000600000400003c0009001c000000030000001400050020010db80000000000000000000000101c000002030000001400050020010db80000"
    "0000000000000000001124000c0000000000000000000000000000000000000000000000000000000000000000000500140000000000";
constexpr std::string_view kBlackholeV6 =  // ip -6 route add blackhole 2001:db8:b::/48
    "7400000018000006f389086bee6c00000a300000fe0300060000000008000f00fe0000001400010020010db8000b0000000000000000000008"
    "00060000040000080004000100000024000c000000000000000000000000000000000000000000000000000000000000000000050014000000"
    "0000";
constexpr std::string_view kNeighbourV6 =  // ip neigh add 2001:db8::1 lladdr 02:00:00:00:00:02 dev wan nud permanent
    "580000001c00000000000000f46c00000a00000003000000800000011400010020010db80000000000000000000000010a0002000200000000"
    "02000008000400000000001400030000000000000000000000000001000000";

std::vector<std::uint8_t> bytes_of(std::string_view hex) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(std::string{hex.substr(i, 2)}, nullptr, 16)));
  }
  return bytes;
}

Event parse_hex(std::string_view hex) {
  const auto bytes = bytes_of(hex);
  Event event;
  for_each_message(bytes, [&](const MessageView& message) { event = parse(message); });
  return event;
}

net::IpAddress ip(const char* text) { return net::IpAddress::parse(text).value(); }

TEST(Parse, ReadsAnAddressOfEitherFamily) {
  const auto v4 = std::get<AddressEvent>(parse_hex(kAddressV4));
  EXPECT_EQ(v4.change, Change::kSet);
  EXPECT_EQ(v4.address, (Address{3, ip("203.0.113.3"), 25}));
  const auto v6 = std::get<AddressEvent>(parse_hex(kAddressV6));
  EXPECT_EQ(v6.address, (Address{3, ip("2001:db8::3"), 64}));
}

TEST(Parse, ReadsARouteWithGatewayAndMetric) {
  const auto event = std::get<RouteEvent>(parse_hex(kDefaultRoute));
  EXPECT_EQ(event.route.prefix.to_string(), "0.0.0.0/0");
  EXPECT_EQ(event.route.metric, 100U);
  ASSERT_EQ(event.route.next_hops.size(), 1U);
  EXPECT_EQ(event.route.next_hops[0], (NextHop{3, ip("203.0.113.1"), 1}));
  EXPECT_FALSE(event.replaces);
}

TEST(Parse, TakesAllNextHopsOfAMultipathRouteWithTheirWeights) {
  const auto event = std::get<RouteEvent>(parse_hex(kMultipath));
  EXPECT_EQ(event.route.prefix.to_string(), "10.0.0.0/8");
  const std::vector<NextHop> expected{{3, ip("203.0.113.10"), 1}, {3, ip("203.0.113.11"), 3}};
  EXPECT_EQ(event.route.next_hops, expected);
}

TEST(Parse, LeavesOutNextHopsThatAreDeadButKeepsThemAsIdentity) {
  auto bytes = bytes_of(kMultipath);
  bytes[50] = RTNH_F_DEAD;  // rtnh_flags of the first next hop.
  Event event;
  for_each_message(bytes, [&](const MessageView& message) { event = parse(message); });
  const auto& route = std::get<RouteEvent>(event);
  ASSERT_EQ(route.route.next_hops.size(), 1U);
  EXPECT_EQ(route.route.next_hops[0].gateway, ip("203.0.113.11"));
  EXPECT_EQ(route.all_next_hops.size(), 2U);
}

TEST(Parse, ReadsABlackholeAsUnreachable) {
  const auto event = std::get<RouteEvent>(parse_hex(kBlackhole));
  EXPECT_EQ(event.route.kind, RouteKind::kUnreachable);
  EXPECT_TRUE(event.route.next_hops.empty());
}

TEST(Parse, ReadsAnIpv6GatewayOfAnIpv4Route) {
  const auto event = std::get<RouteEvent>(parse_hex(kViaV6));
  ASSERT_EQ(event.route.next_hops.size(), 1U);
  EXPECT_EQ(event.route.next_hops[0].gateway, ip("2001:db8::1"));
  EXPECT_EQ(event.route.source, ip("203.0.113.2"));
}

TEST(Parse, ReadsRoutesOfIpv6) {
  const auto standard = std::get<RouteEvent>(parse_hex(kDefaultRouteV6));
  EXPECT_EQ(standard.route.prefix.to_string(), "::/0");
  EXPECT_EQ(standard.route.metric, 1024U);
  EXPECT_EQ(standard.route.next_hops, (std::vector{NextHop{3, ip("fe80::1"), 1}}));
  const auto multipath = std::get<RouteEvent>(parse_hex(kMultipathV6));
  EXPECT_EQ(multipath.route.prefix.to_string(), "2001:db8:a::/48");
  EXPECT_EQ(multipath.route.next_hops, (std::vector{NextHop{3, ip("2001:db8::10"), 1}, {3, ip("2001:db8::11"), 3}}));
  const auto hole = std::get<RouteEvent>(parse_hex(kBlackholeV6));
  EXPECT_EQ(hole.route.prefix.to_string(), "2001:db8:b::/48");
  EXPECT_EQ(hole.route.kind, RouteKind::kUnreachable);
  EXPECT_TRUE(hole.all_next_hops.empty());
}

TEST(Parse, IgnoresRoutesThatHoldOnOneLinkOnly) {
  auto bytes = bytes_of(kMultipathV6);
  const std::size_t destination = 40;
  ASSERT_EQ(bytes[destination], 0x20);
  bytes[destination] = 0xfe;
  bytes[destination + 1] = 0x80;
  Event event;
  for_each_message(bytes, [&](const MessageView& message) { event = parse(message); });
  EXPECT_TRUE(std::holds_alternative<std::monostate>(event));
}

TEST(Parse, IgnoresARouteWhoseDestinationIsOfAnotherFamily) {
  auto bytes = bytes_of(kMultipathV6);
  bytes[16] = AF_INET;
  Event event;
  for_each_message(bytes, [&](const MessageView& message) { event = parse(message); });
  EXPECT_TRUE(std::holds_alternative<std::monostate>(event));
}

TEST(Parse, ReadsANeighbourOfIpv6) {
  const auto known = std::get<NeighbourEvent>(parse_hex(kNeighbourV6)).neighbour;
  EXPECT_EQ(known.key, (NeighbourKey{3, ip("2001:db8::1")}));
  EXPECT_EQ(known.mac.to_string(), "02:00:00:00:00:02");
  EXPECT_EQ(known.state, NeighbourState::kPermanent);
}

TEST(Parse, IgnoresRoutesOfOtherTables) { EXPECT_TRUE(std::holds_alternative<std::monostate>(parse_hex(kLocalRoute))); }

TEST(Parse, ReadsANeighbourThatComesAndGoes) {
  const auto added = std::get<NeighbourEvent>(parse_hex(kNeighbour));
  EXPECT_EQ(added.change, Change::kSet);
  EXPECT_EQ(added.neighbour.key, (NeighbourKey{3, ip("203.0.113.1")}));
  EXPECT_EQ(added.neighbour.mac.to_string(), "02:00:00:00:00:02");
  EXPECT_TRUE(added.neighbour.usable());
  const auto gone = std::get<NeighbourEvent>(parse_hex(kNeighbourGone));
  EXPECT_EQ(gone.change, Change::kRemoved);
  EXPECT_EQ(gone.neighbour.key, added.neighbour.key);
}

TEST(Parse, SurvivesEveryMessageCutShortAndEveryByteWrong) {
  for (const auto hex : {kAddressV4, kAddressV6, kDefaultRoute, kMultipath, kViaV6, kNeighbour, kNeighbourGone,
                         kDefaultRouteV6, kMultipathV6, kNeighbourV6}) {
    const auto whole = bytes_of(hex);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      // Its own allocation, so that a read behind the end is seen by the sanitizers.
      std::vector<std::uint8_t> part(whole.begin() + 16,
                                     whole.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(16, size)));
      for (std::uint16_t type = RTM_NEWLINK; type <= RTM_DELNEIGH; ++type) (void)parse({.type = type, .payload = part});
    }
    for (std::size_t place = 0; place < whole.size(); ++place) {
      for (const std::uint8_t wrong : {0, 1, 3, 0x7f, 0xff}) {
        auto bytes = whole;
        bytes[place] = wrong;
        for_each_message(bytes, [](const MessageView& message) { (void)parse(message); });
      }
    }
  }
}

}  // namespace
}  // namespace sluice::control::netlink
