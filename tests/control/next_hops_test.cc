#include "control/next_hops.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/control/objects.h"

namespace sluice::control {
namespace {

using dataplane::kNoRoute;
using dataplane::NextHop;

constexpr int kWanLink = 5, kLanLink = 6, kForeignLink = 7;
const auto kWanMac = mac("02:00:00:00:00:01");
const auto kLanMac = mac("02:00:00:00:00:02");
const auto kRouterMac = mac("02:00:00:00:01:01");
const auto kNodeMac = mac("02:00:00:00:02:11");

netlink::Route via(std::string_view to, int link, std::string_view gateway) {
  return {.prefix = prefix(to), .next_hops = {{.link = link, .gateway = net::IpAddress{ip(gateway)}}}};
}
netlink::Route on_link(std::string_view to, int link) { return {.prefix = prefix(to), .next_hops = {{.link = link}}}; }
netlink::Route unreachable(std::string_view to) {
  return {.prefix = prefix(to), .kind = netlink::RouteKind::kUnreachable};
}
netlink::Neighbour neighbour(int link, std::string_view address, net::MacAddress mac,
                             netlink::NeighbourState state = netlink::NeighbourState::kReachable) {
  return {.key = {link, ip(address)}, .mac = mac, .state = state};
}

// Port 0 is the wan link, port 1 the lan link; the default route leads to a router on the wan.
struct World {
  std::vector<netlink::Route> routes = {via("0.0.0.0/0", kWanLink, "203.0.113.1"), on_link("203.0.113.0/24", kWanLink),
                                        on_link("10.20.0.0/24", kLanLink)};
  std::vector<netlink::Neighbour> neighbours = {neighbour(kWanLink, "203.0.113.1", kRouterMac),
                                                neighbour(kLanLink, "10.20.0.11", kNodeMac)};
  std::vector<PortLink> ports = {{.port = 0, .link = kWanLink, .mac = kWanMac},
                                 {.port = 1, .link = kLanLink, .mac = kLanMac}};
  std::vector<net::IpAddress> backends;

  NextHops plan() const {
    return plan_next_hops({.routes = routes, .neighbours = neighbours, .ports = ports, .backends = backends});
  }
};

const NextHop* hop_to_client(const NextHops& plan, std::string_view client) {
  const auto index = dataplane::RouteTable4{plan.routes4}.find(ip(client));
  return index == kNoRoute ? nullptr : &plan.next_hops.at(index);
}

const NextHop* hop_to_backend(const NextHops& plan, std::string_view backend) {
  const auto found = plan.backends.find(ip(backend));
  return found == plan.backends.end() ? nullptr : &plan.next_hops.at(found->second.next_hop);
}

bool wants(const NextHops& plan, int link, std::string_view address) {
  const netlink::NeighbourKey key{link, ip(address)};
  return std::ranges::count(plan.wanted, key) == 1;
}

TEST(NextHops, LeadToClientsThroughTheGateway) {
  const auto plan = World{}.plan();
  const auto* hop = hop_to_client(plan, "198.51.100.10");
  ASSERT_NE(hop, nullptr);
  EXPECT_EQ(hop->kind, NextHop::Kind::kResolved);
  EXPECT_EQ(hop->destination, kRouterMac);
  EXPECT_EQ(hop->source, kWanMac);
  EXPECT_EQ(hop->port, 0);
  EXPECT_TRUE(wants(plan, kWanLink, "203.0.113.1"));
}

TEST(NextHops, LeadToClientsOnTheLinkItself) {
  const auto plan = World{}.plan();
  const auto* hop = hop_to_client(plan, "203.0.113.9");
  ASSERT_NE(hop, nullptr);
  EXPECT_EQ(hop->kind, NextHop::Kind::kOnLink);
  EXPECT_EQ(hop->source, kWanMac);
  EXPECT_FALSE(wants(plan, kWanLink, "203.0.113.9"));  // Its own frames say where it is.
}

TEST(NextHops, LeadToABackendOnTheLink) {
  World world;
  world.backends = {ip("10.20.0.11")};
  const auto plan = world.plan();
  const auto* hop = hop_to_backend(plan, "10.20.0.11");
  ASSERT_NE(hop, nullptr);
  EXPECT_EQ(hop->kind, NextHop::Kind::kResolved);
  EXPECT_EQ(hop->destination, kNodeMac);
  EXPECT_EQ(hop->source, kLanMac);
  EXPECT_EQ(hop->port, 1);
  EXPECT_TRUE(wants(plan, kLanLink, "10.20.0.11"));
}

TEST(NextHops, AskForABackendWhoseMacAddressIsNotKnown) {
  for (const auto state : {netlink::NeighbourState::kIncomplete, netlink::NeighbourState::kFailed}) {
    World world;
    world.backends = {ip("10.20.0.12"), ip("10.20.0.13")};
    world.neighbours.push_back(neighbour(kLanLink, "10.20.0.13", kNodeMac, state));
    const auto plan = world.plan();
    for (const char* backend : {"10.20.0.12", "10.20.0.13"}) {
      ASSERT_NE(hop_to_backend(plan, backend), nullptr);
      EXPECT_EQ(hop_to_backend(plan, backend)->kind, NextHop::Kind::kUnresolved);
      EXPECT_TRUE(wants(plan, kLanLink, backend));
    }
  }
}

TEST(NextHops, UseAStaleNeighbourWhileItIsChecked) {
  World world;
  world.neighbours = {neighbour(kWanLink, "203.0.113.1", kRouterMac, netlink::NeighbourState::kStale)};
  EXPECT_EQ(hop_to_client(world.plan(), "198.51.100.10")->kind, NextHop::Kind::kResolved);
}

TEST(NextHops, DoNotTakeANeighbourOfAnotherLink) {
  World world;
  world.neighbours = {neighbour(kLanLink, "203.0.113.1", kRouterMac)};
  EXPECT_EQ(hop_to_client(world.plan(), "198.51.100.10")->kind, NextHop::Kind::kUnresolved);
}

TEST(NextHops, LeadToABackendBehindAGateway) {
  World world;
  world.routes.push_back(via("10.30.0.0/16", kLanLink, "10.20.0.11"));
  world.backends = {ip("10.30.0.5"), ip("10.30.0.6"), ip("10.20.0.11")};
  const auto plan = world.plan();
  ASSERT_NE(hop_to_backend(plan, "10.30.0.5"), nullptr);
  EXPECT_EQ(hop_to_backend(plan, "10.30.0.5")->destination, kNodeMac);
  const auto& behind = plan.backends.at(ip("10.30.0.5"));
  EXPECT_EQ(behind.next_hop, plan.backends.at(ip("10.30.0.6")).next_hop);
  EXPECT_FALSE(behind.is_neighbour);
  EXPECT_EQ(behind.next_hop, plan.backends.at(ip("10.20.0.11")).next_hop);  // The gateway is a node itself.
  EXPECT_TRUE(plan.backends.at(ip("10.20.0.11")).is_neighbour);
  EXPECT_TRUE(plan.next_hops.at(behind.next_hop).is_backend);
  EXPECT_TRUE(wants(plan, kLanLink, "10.20.0.11"));
  EXPECT_FALSE(wants(plan, kLanLink, "10.30.0.5"));
}

TEST(NextHops, TakeTheLongestPrefix) {
  World world;
  world.routes.push_back(via("10.20.0.64/26", kWanLink, "203.0.113.1"));
  world.backends = {ip("10.20.0.11"), ip("10.20.0.70")};
  const auto plan = world.plan();
  EXPECT_EQ(hop_to_backend(plan, "10.20.0.11")->port, 1);
  EXPECT_EQ(hop_to_backend(plan, "10.20.0.70")->port, 0);
}

TEST(NextHops, TakeTheFirstUsableOfSeveral) {
  World world;
  world.routes[0].next_hops = {{.link = kForeignLink, .gateway = net::IpAddress{ip("192.0.2.1")}},
                               {.link = kWanLink, .gateway = net::IpAddress{ip("203.0.113.2")}},
                               {.link = kWanLink, .gateway = net::IpAddress{ip("203.0.113.1")}}};
  world.neighbours.push_back(neighbour(kWanLink, "203.0.113.2", kNodeMac));
  EXPECT_EQ(hop_to_client(world.plan(), "198.51.100.10")->destination, kNodeMac);
}

TEST(NextHops, TakeAGatewayOfTheOtherFamily) {  // RFC 5549
  World world;
  const auto router = *net::IpAddress::parse("fe80::1");
  world.routes[0].next_hops = {{.link = kWanLink, .gateway = router}};
  world.neighbours.push_back(
      {.key = {kWanLink, router}, .mac = kRouterMac, .state = netlink::NeighbourState::kReachable});
  EXPECT_EQ(hop_to_client(world.plan(), "198.51.100.10")->destination, kRouterMac);
}

TEST(NextHops, AreNoneInAHole) {
  World world;
  world.routes.push_back(unreachable("192.0.2.0/24"));
  world.backends = {ip("192.0.2.5")};
  const auto plan = world.plan();
  EXPECT_EQ(hop_to_client(plan, "192.0.2.7"), nullptr);
  EXPECT_EQ(hop_to_backend(plan, "192.0.2.5"), nullptr);
}

TEST(NextHops, AreNoneThroughALinkThatIsNotOurs) {
  World world;
  world.routes.push_back(on_link("10.40.0.0/16", kForeignLink));
  world.backends = {ip("10.40.0.5")};
  const auto plan = world.plan();
  EXPECT_EQ(hop_to_client(plan, "10.40.0.7"), nullptr);  // Not by the default route, which is wider.
  EXPECT_EQ(hop_to_backend(plan, "10.40.0.5"), nullptr);
}

TEST(NextHops, AreNoneWithoutARoute) {
  World world;
  world.routes.erase(world.routes.begin());
  EXPECT_EQ(hop_to_client(world.plan(), "198.51.100.10"), nullptr);
  world.backends = {ip("198.51.100.10")};
  EXPECT_TRUE(world.plan().backends.empty());
}

TEST(NextHops, AreSharedByRoutes) {
  World world;
  world.routes.push_back(via("198.18.0.0/15", kWanLink, "203.0.113.1"));
  const auto plan = world.plan();
  EXPECT_EQ(plan.next_hops.size(), 3U);  // Router, wan link, lan link.
  EXPECT_EQ(plan.wanted.size(), 1U);
}

// More routes than next hops have numbers: a table of the whole Internet is the usual case of many.
TEST(NextHops, FindBackendsBehindMoreRoutesThanThereAreNumbers) {
  World world;
  for (std::uint32_t number = 0; number < 70'000; ++number) {
    const net::Ipv4Address first{net::Be32{0x30000000U + number * 256}};
    world.routes.push_back({.prefix = net::Ipv4Prefix{first, 24},
                            .next_hops = {{.link = kWanLink, .gateway = net::IpAddress{ip("203.0.113.1")}}}});
  }
  world.routes.push_back(on_link("10.21.0.0/24", kLanLink));
  world.backends = {ip("10.21.0.5")};
  const auto plan = world.plan();
  ASSERT_NE(hop_to_backend(plan, "10.21.0.5"), nullptr);
  EXPECT_EQ(hop_to_backend(plan, "10.21.0.5")->port, 1);
  EXPECT_TRUE(wants(plan, kLanLink, "10.21.0.5"));
}

TEST(NextHops, KeepsTheFamiliesApart) {
  World world;
  const auto router = *net::IpAddress::parse("fe80::1"), node = *net::IpAddress::parse("fd00:20::11");
  world.routes.push_back(
      {.prefix = *net::IpPrefix::parse("::/0"), .next_hops = {{.link = kWanLink, .gateway = router}}});
  world.routes.push_back({.prefix = *net::IpPrefix::parse("fd00:20::/64"), .next_hops = {{.link = kLanLink}}});
  world.neighbours.push_back({.key = {kLanLink, node}, .mac = kNodeMac, .state = netlink::NeighbourState::kReachable});
  world.backends = {node};
  const NextHops plan = world.plan();
  EXPECT_EQ(plan.next_hops.at(plan.backends.at(node).next_hop).destination, kNodeMac);
  EXPECT_EQ(std::ranges::count(plan.wanted, netlink::NeighbourKey{kWanLink, router}), 1);
  EXPECT_EQ(plan.routes4.size(), 3U);
  EXPECT_EQ(plan.routes6.size(), 2U);
}

}  // namespace
}  // namespace sluice::control
