#include "dataplane/route_table.h"

#include <chrono>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::dataplane {
namespace {

Route4 route(const char* prefix, std::uint16_t next_hop) {
  return {net::Ipv4Prefix::parse(prefix).value(), {next_hop}};
}
net::Ipv4Address address(const char* text) { return net::Ipv4Address::parse(text).value(); }
net::Ipv4Address address(std::uint32_t number) { return {net::Be32{number}}; }

std::uint16_t find_slowly(const std::vector<Route4>& routes, net::Ipv4Address destination) {
  std::uint16_t best = kNoRoute;
  int best_length = -1;
  for (const Route4& candidate : routes) {
    if (!candidate.prefix.contains(destination) || candidate.prefix.length < best_length) continue;
    best = candidate.target.next_hop;
    best_length = candidate.prefix.length;
  }
  return best;
}

// Clustered, so that prefixes lie inside each other and touch.
std::vector<Route4> random_routes(std::mt19937& random, std::size_t count) {
  std::vector<Route4> routes;
  for (std::size_t i = 0; i < count; ++i) {
    const auto length = static_cast<std::uint8_t>(random() % 33);
    const std::uint32_t base = (random() % 4 == 0) ? random() : (random() % 2 == 0 ? 0xffffff00U : 0x0a000000U);
    routes.push_back({{address(base + random() % 512), length}, {static_cast<std::uint16_t>(random() % 5)}});
  }
  return routes;
}

TEST(RouteTable, HasNoRouteWhenEmpty) {
  const RouteTable4 table;
  EXPECT_EQ(table.find(address("0.0.0.0")), kNoRoute);
  EXPECT_EQ(table.find(address("255.255.255.255")), kNoRoute);
  EXPECT_EQ(table.range_count(), 1U);
}

TEST(RouteTable, PrefersTheLongestPrefix) {
  const std::vector<Route4> routes{route("10.1.0.0/16", 2), route("0.0.0.0/0", 1), route("10.1.2.0/24", 3),
                                   route("10.1.2.3/32", 4)};
  const RouteTable4 table{routes};
  EXPECT_EQ(table.find(address("198.51.100.1")), 1);
  EXPECT_EQ(table.find(address("10.1.1.255")), 2);
  EXPECT_EQ(table.find(address("10.1.2.2")), 3);
  EXPECT_EQ(table.find(address("10.1.2.3")), 4);
  EXPECT_EQ(table.find(address("10.1.2.4")), 3);
  EXPECT_EQ(table.find(address("10.1.3.0")), 2);
  EXPECT_EQ(table.find(address("10.2.0.0")), 1);
}

TEST(RouteTable, CoversBothEndsOfTheAddressSpace) {
  const std::vector<Route4> routes{route("0.0.0.0/32", 1), route("255.255.255.255/32", 2)};
  const RouteTable4 table{routes};
  EXPECT_EQ(table.find(address("0.0.0.0")), 1);
  EXPECT_EQ(table.find(address("0.0.0.1")), kNoRoute);
  EXPECT_EQ(table.find(address("255.255.255.254")), kNoRoute);
  EXPECT_EQ(table.find(address("255.255.255.255")), 2);
}

TEST(RouteTable, TakesTheLastOfEqualPrefixes) {
  const std::vector<Route4> routes{route("192.0.2.0/24", 1), route("192.0.2.77/24", 2)};
  const RouteTable4 table{routes};
  EXPECT_EQ(table.find(address("192.0.2.1")), 2);
  EXPECT_EQ(table.find(address("192.0.3.0")), kNoRoute);
}

TEST(RouteTable, LetsAnUnreachablePrefixCutAHoleIntoAWiderOne) {
  const std::vector<Route4> routes{route("0.0.0.0/0", 1), route("10.0.0.0/8", kNoRoute)};
  const RouteTable4 table{routes};
  EXPECT_EQ(table.find(address("10.9.8.7")), kNoRoute);
  EXPECT_EQ(table.find(address("11.0.0.0")), 1);
}

TEST(RouteTable, MergesNeighboursWithTheSameTarget) {
  const std::vector<Route4> routes{route("10.0.0.0/9", 1), route("10.128.0.0/9", 1), route("10.0.0.0/8", 1)};
  EXPECT_EQ(RouteTable4{routes}.range_count(), 3U);
}

TEST(RouteTable, AnswersAsASlowSearchDoes) {
  std::mt19937 random{20240611};
  for (int round = 0; round < 300; ++round) {
    const auto routes = random_routes(random, random() % 60);
    const RouteTable4 table{routes};
    EXPECT_LE(table.range_count(), 2 * routes.size() + 1);
    for (const Route4& near : routes) {
      for (const std::uint32_t edge : {near.prefix.first().value.host(), near.prefix.last().value.host()}) {
        for (const std::uint32_t probe : {edge - 1, edge, edge + 1}) {
          ASSERT_EQ(table.find(address(probe)), find_slowly(routes, address(probe))) << address(probe).to_string();
        }
      }
    }
    for (int i = 0; i < 50; ++i) {
      const auto probe = address(random());
      ASSERT_EQ(table.find(probe), find_slowly(routes, probe)) << probe.to_string();
    }
  }
}

TEST(RouteTable, HoldsAFullInternetTable) {
  std::mt19937 random{7};
  std::vector<Route4> routes(1'000'000);
  for (Route4& made : routes) {
    made = {{address(random()), static_cast<std::uint8_t>(8 + random() % 17)},
            {static_cast<std::uint16_t>(random() % 64)}};
  }
  const auto start = std::chrono::steady_clock::now();
  const RouteTable4 table{routes};
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  RecordProperty("build_ms", static_cast<int>(took.count() * 1000));
  EXPECT_LT(took.count(), 10.0) << "a square algorithm would take minutes";
  EXPECT_LE(table.memory_bytes(), 13U << 20);
  for (int i = 0; i < 20; ++i) {
    const auto probe = address(random());
    ASSERT_EQ(table.find(probe), find_slowly(routes, probe)) << probe.to_string();
  }
}

}  // namespace
}  // namespace sluice::dataplane
