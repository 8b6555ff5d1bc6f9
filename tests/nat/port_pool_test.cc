#include "nat/port_pool.h"

#include <array>
#include <deque>
#include <random>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

namespace sluice::nat {
namespace {

constexpr auto kTcp = net::IpProtocol::kTcp;
constexpr std::array kAddresses{net::Ipv4Address{net::Be32{0xc0000201}}, net::Ipv4Address{net::Be32{0xc0000202}}};
constexpr net::Ipv4Address kNode{net::Be32{0x0a000001}};
constexpr net::Be16 kNodePort{30'080};

PortPool4 small_pool() {
  return PortPool4{{.addresses = std::span{kAddresses}.first(1), .ports = {5000, 5003}, .groups = 4}};
}

TEST(PortPool, GivesAnEndpointEachPortOnceThenRefuses) {
  PortPool4 pool = small_pool();
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 4; ++i) ports.insert(pool.allocate(kNode, kNodePort, kTcp, 0).value().port.host());
  EXPECT_EQ(ports, (std::set<std::uint16_t>{5000, 5001, 5002, 5003}));
  EXPECT_FALSE(pool.allocate(kNode, kNodePort, kTcp, 0).has_value());
  EXPECT_EQ(pool.refusals(), 1U);
}

TEST(PortPool, GivesTheSamePortAgainForAnEndpointOfAnotherGroup) {
  PortPool4 pool = small_pool();
  const auto group = pool.group_of(kNode, kNodePort, kTcp);
  std::uint16_t other_port = kNodePort.host();
  while (pool.group_of(kNode, net::Be16{other_port}, kTcp) == group) ++other_port;
  const auto one = pool.allocate(kNode, kNodePort, kTcp, 0).value();
  const auto other = pool.allocate(kNode, net::Be16{other_port}, kTcp, 0).value();
  EXPECT_EQ(one.port, other.port);
  EXPECT_NE(one.group, other.group);
}

TEST(PortPool, TakesFreshPortsFirstThenTheOneReleasedLongestAgo) {
  PortPool4 pool = small_pool();
  const auto next_port = [&] { return pool.allocate(kNode, kNodePort, kTcp, 0).value(); };
  const auto first = next_port(), second = next_port();
  pool.release(second);
  pool.release(first);
  EXPECT_EQ(next_port().port, net::Be16{5002});
  EXPECT_EQ(next_port().port, net::Be16{5003});
  EXPECT_EQ(next_port().port, second.port);
  EXPECT_EQ(next_port().port, first.port);
}

TEST(PortPool, StartsElsewhereWithAnotherSeedAndStillGivesEachPortOnce) {
  std::set<std::uint16_t> starts;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    PortPool4 pool{{.addresses = std::span{kAddresses}.first(1), .ports = {5000, 5999}, .seed = seed << 32 | seed}};
    std::set<std::uint16_t> ports;
    starts.insert(pool.allocate(kNode, kNodePort, kTcp, 0).value().port.host());
    for (int i = 0; i < 999; ++i) ports.insert(pool.allocate(kNode, kNodePort, kTcp, 0).value().port.host());
    EXPECT_EQ(ports.size(), 999U);
    EXPECT_FALSE(pool.allocate(kNode, kNodePort, kTcp, 0).has_value());
  }
  EXPECT_GT(starts.size(), 10U);
}

TEST(PortPool, StartsAtTheFlowsAddressAndGoesOnWithTheOthers) {
  PortPool4 pool{{.addresses = kAddresses, .ports = {5000, 5000}, .groups = 1}};
  EXPECT_EQ(pool.allocate(kNode, kNodePort, kTcp, ~std::uint64_t{0}).value().address, kAddresses[1]);
  EXPECT_EQ(pool.allocate(kNode, kNodePort, kTcp, ~std::uint64_t{0}).value().address, kAddresses[0]);
  EXPECT_FALSE(pool.allocate(kNode, kNodePort, kTcp, ~std::uint64_t{0}).has_value());
}

TEST(PortPool, RefusesWithoutAddresses) {
  PortPool4 pool{PortPoolOptions<net::Ipv4>{}};
  EXPECT_FALSE(pool.allocate(kNode, kNodePort, kTcp, 5).has_value());
}

TEST(PortPool, IgnoresTheReleaseOfAForeignAddress) {
  PortPool4 pool = small_pool();
  pool.release(kAddresses[1], net::Be16{5000}, 0);
  EXPECT_EQ(pool.usage(0).in_use, 0U);
}

TEST(PortPool, ReportsUsageByAddress) {
  PortPool4 pool{{.addresses = kAddresses, .ports = {5000, 5009}, .groups = 2}};
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool.allocate(kNode, kNodePort, kTcp, 0).has_value());
  const PortUsage<net::Ipv4> usage = pool.usage(0);
  EXPECT_EQ(usage.address, kAddresses[0]);
  EXPECT_EQ(usage.in_use, 3U);
  EXPECT_EQ(usage.capacity, 20U);
  EXPECT_EQ(usage.fullest_group, 3U);
  EXPECT_EQ(usage.group_capacity, 10U);
  EXPECT_EQ(pool.usage(1).in_use, 0U);
}

// Between them the workers have every port once for each endpoint, and each reply leads to the one that gave its port.
TEST(PortPool, DividesThePortsAmongWorkersByTheWayBack) {
  for (const unsigned workers : {1U, 2U, 3U, 7U, 16U}) {
    const auto rss = std::make_shared<const Rss>(workers, 5);
    for (std::uint16_t node_port = 30'000; node_port < 30'005; ++node_port) {
      std::set<std::uint16_t> all;
      for (unsigned worker = 0; worker < workers; ++worker) {
        PortPool4 pool{{.addresses = std::span{kAddresses}.first(1),
                        .ports = {40'001, 65'535},
                        .rss = rss,
                        .worker = worker,
                        .groups = 1}};
        while (const auto port = pool.allocate(kNode, net::Be16{node_port}, kTcp, 0)) {
          const net::FlowKey4 reply{.source = kNode,
                                    .destination = port->address,
                                    .source_port = net::Be16{node_port},
                                    .destination_port = port->port,
                                    .protocol = kTcp};
          ASSERT_EQ(rss->worker_of(reply), worker);
          ASSERT_TRUE(all.insert(port->port.host()).second);
        }
        EXPECT_NEAR(static_cast<double>(pool.usage(0).fullest_group), 25'535.0 / workers, 25'535.0 / 64 + 64);
      }
      EXPECT_EQ(all.size(), 25'535U);
      EXPECT_EQ(*all.begin(), 40'001);
      EXPECT_EQ(*all.rbegin(), 65'535);
    }
  }
}

TEST(PortPool, LeadsTheWayBackOverEveryAddress) {
  using Family = net::Ipv6;
  const std::array addresses{net::Ipv6Address::parse("2001:db8::1").value(),
                             net::Ipv6Address::parse("2001:db8::2").value()};
  const auto node = net::Ipv6Address::parse("2001:db8:1::9").value();
  const auto rss = std::make_shared<const Rss>(4, 5);
  PortPool6 pool{{.addresses = addresses, .ports = {40'000, 40'999}, .rss = rss, .worker = 3}};
  std::size_t given = 0;
  for (; const auto port = pool.allocate(node, kNodePort, kTcp, 0); ++given) {
    const net::FlowKey<Family> reply{.source = node,
                                     .destination = port->address,
                                     .source_port = kNodePort,
                                     .destination_port = port->port,
                                     .protocol = kTcp};
    ASSERT_EQ(rss->worker_of(reply), 3U);
  }
  EXPECT_NEAR(static_cast<double>(given), 500.0, 32.0);
}

TEST(PortPool, HasNoPortForAWorkerThatTheRangeLeavesNone) {
  const auto rss = std::make_shared<const Rss>(4, 5);
  std::size_t given = 0;
  for (unsigned worker = 0; worker < 4; ++worker) {
    PortPool4 pool{{.addresses = std::span{kAddresses}.first(1),
                    .ports = {65'534, 65'535},
                    .rss = rss,
                    .worker = worker,
                    .groups = 1}};
    while (pool.allocate(kNode, kNodePort, kTcp, 0)) ++given;
    EXPECT_EQ(pool.refusals(), 1U);
  }
  EXPECT_EQ(given, 2U);
}

// The model: no two live allocations may give replies with the same key.
TEST(PortPool, NeverDoublesAPortForAnEndpoint) {
  using Reply = std::tuple<std::uint32_t, std::uint16_t, std::uint32_t, std::uint16_t, net::IpProtocol>;
  struct Live {
    SnatPort<net::Ipv4> snat;
    Reply reply;
  };
  PortPool4 pool{{.addresses = kAddresses, .ports = {2000, 2050}, .groups = 8}};
  std::mt19937 random{3};
  std::vector<Live> live;
  std::set<Reply> replies;
  std::size_t refused = 0;
  for (int round = 0; round < 300'000; ++round) {
    // The share of releases swings, so that the pool is at times nearly empty and at times exhausted.
    const bool filling = (round / 5'000) % 2 == 0;
    if (!live.empty() && random() % 10 < (filling ? 3U : 7U)) {
      std::swap(live[random() % live.size()], live.back());
      pool.release(live.back().snat);
      replies.erase(live.back().reply);
      live.pop_back();
      continue;
    }
    const net::Ipv4Address node{net::Be32{0x0a000000U + static_cast<std::uint32_t>(random() % 20)}};
    const net::Be16 port{static_cast<std::uint16_t>(30'000 + random() % 3)};
    const auto protocol = random() % 2 == 0 ? kTcp : net::IpProtocol::kUdp;
    const auto snat = pool.allocate(node, port, protocol, std::uint64_t{random()} << 32);
    if (!snat.has_value()) {
      ++refused;
      continue;
    }
    const Reply reply{snat->address.value.host(), snat->port.host(), node.value.host(), port.host(), protocol};
    ASSERT_TRUE(replies.insert(reply).second);
    live.push_back({*snat, reply});
    ASSERT_EQ(pool.usage(0).in_use + pool.usage(1).in_use, live.size());
  }
  EXPECT_GT(refused, 0U);
}

}  // namespace
}  // namespace sluice::nat
