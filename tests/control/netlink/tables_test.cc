#include "control/netlink/tables.h"

#include <gtest/gtest.h>

namespace sluice::control::netlink {
namespace {

NextHop hop(const char* gateway, int link = 3) { return {link, net::IpAddress::parse(gateway).value(), 1}; }

RouteEvent route(const char* prefix, std::uint32_t metric, NextHop next_hop, Change change = Change::kSet) {
  RouteEvent event{.change = change};
  event.route = {.prefix = net::IpPrefix::parse(prefix).value(), .metric = metric, .next_hops = {next_hop}};
  event.all_next_hops = {next_hop};
  return event;
}

RouteEvent replacing(RouteEvent event) {
  event.replaces = true;
  return event;
}

NeighbourEvent neighbour(const char* address, NeighbourState state, std::uint8_t last_mac_byte = 1) {
  return {
      Change::kSet,
      {.key = {3, net::IpAddress::parse(address).value()}, .mac = {{2, 0, 0, 0, 0, last_mac_byte}}, .state = state}};
}

LinkEvent link(bool up_and_running, Change change = Change::kSet) {
  return {change, {.index = 3, .name = "wan", .up = up_and_running, .running = up_and_running}};
}

constexpr auto kNotified = Origin::kNotification;
constexpr auto kDumped = Origin::kDump;

TEST(Tables, ShowsADumpOnlyWhenItIsComplete) {
  Tables tables;
  tables.begin_dump(Table::kRoutes);
  tables.apply(route("10.0.0.0/8", 0, hop("192.0.2.1")), kDumped);
  EXPECT_TRUE(tables.routes().empty());
  EXPECT_TRUE(tables.end_dump(Table::kRoutes));
  EXPECT_EQ(tables.routes().size(), 1U);
}

TEST(Tables, ForgetsWhatANewDumpDoesNotHold) {
  Tables tables;
  tables.apply(neighbour("192.0.2.1", NeighbourState::kReachable), kNotified);
  tables.begin_dump(Table::kNeighbours);
  EXPECT_EQ(tables.neighbours().size(), 1U);
  EXPECT_TRUE(tables.end_dump(Table::kNeighbours));
  EXPECT_TRUE(tables.neighbours().empty());
}

TEST(Tables, BelievesANotificationMoreThanTheDumpThatRunsMeanwhile) {
  Tables tables;
  tables.begin_dump(Table::kNeighbours);
  tables.apply(neighbour("192.0.2.1", NeighbourState::kReachable, 9), kNotified);
  auto gone = neighbour("192.0.2.2", NeighbourState::kFailed);
  gone.change = Change::kRemoved;
  tables.apply(gone, kNotified);
  tables.apply(neighbour("192.0.2.1", NeighbourState::kReachable, 1), kDumped);
  tables.apply(neighbour("192.0.2.2", NeighbourState::kReachable), kDumped);
  tables.end_dump(Table::kNeighbours);
  ASSERT_EQ(tables.neighbours().size(), 1U);
  EXPECT_EQ(tables.neighbours()[0].mac.bytes[5], 9);
}

TEST(Tables, KeepsTheOldContentWhenADumpIsAbandoned) {
  Tables tables;
  tables.apply(neighbour("192.0.2.1", NeighbourState::kReachable), kNotified);
  tables.begin_dump(Table::kNeighbours);
  tables.abandon_dump(Table::kNeighbours);
  EXPECT_EQ(tables.neighbours().size(), 1U);
}

TEST(Tables, ReportsNoChangeForAnEqualDump) {
  Tables tables;
  tables.apply(route("10.0.0.0/8", 0, hop("192.0.2.1")), kNotified);
  tables.begin_dump(Table::kRoutes);
  tables.apply(route("10.0.0.0/8", 0, hop("192.0.2.1")), kDumped);
  EXPECT_FALSE(tables.end_dump(Table::kRoutes));
}

TEST(Tables, ReportsANeighbourOnlyWhenItsUseChanges) {
  Tables tables;
  EXPECT_FALSE(tables.apply(neighbour("192.0.2.1", NeighbourState::kIncomplete), kNotified).changed &&
               tables.apply(neighbour("192.0.2.1", NeighbourState::kIncomplete), kNotified).changed);
  EXPECT_TRUE(tables.apply(neighbour("192.0.2.1", NeighbourState::kReachable), kNotified).changed);
  EXPECT_FALSE(tables.apply(neighbour("192.0.2.1", NeighbourState::kStale), kNotified).changed);
  EXPECT_EQ(tables.neighbour({3, net::IpAddress::parse("192.0.2.1").value()})->state, NeighbourState::kStale);
  EXPECT_TRUE(tables.apply(neighbour("192.0.2.1", NeighbourState::kStale, 7), kNotified).changed);
  EXPECT_TRUE(tables.apply(neighbour("192.0.2.1", NeighbourState::kFailed), kNotified).changed);
}

TEST(Tables, PrefersTheLowestMetricThatHasANextHopAlive) {
  Tables tables;
  tables.apply(route("0.0.0.0/0", 200, hop("192.0.2.2")), kNotified);
  auto best = route("0.0.0.0/0", 100, hop("192.0.2.1"));
  tables.apply(best, kNotified);
  ASSERT_EQ(tables.routes().size(), 1U);
  EXPECT_EQ(tables.routes()[0].metric, 100U);
  best.route.next_hops.clear();  // Dead now; `all_next_hops` still names it.
  EXPECT_TRUE(tables.apply(best, kNotified).changed);
  ASSERT_EQ(tables.routes().size(), 1U);
  EXPECT_EQ(tables.routes()[0].metric, 200U);
}

TEST(Tables, ReplacesTheOneRouteOfAPrefixAndMetric) {
  Tables tables;
  tables.apply(route("10.0.0.0/8", 0, hop("192.0.2.1")), kNotified);
  const auto effect = tables.apply(replacing(route("10.0.0.0/8", 0, hop("192.0.2.2"))), kNotified);
  EXPECT_TRUE(effect.changed);
  EXPECT_FALSE(effect.routes_doubtful);
  ASSERT_EQ(tables.routes().size(), 1U);
  EXPECT_EQ(tables.routes()[0].next_hops[0], hop("192.0.2.2"));
}

TEST(Tables, AsksForADumpWhereNotificationsDoNotTellTheOrder) {
  Tables tables;
  tables.apply(route("10.0.0.0/8", 0, hop("192.0.2.1")), kNotified);
  EXPECT_TRUE(tables.apply(route("10.0.0.0/8", 0, hop("192.0.2.2")), kNotified).routes_doubtful);
  tables.begin_dump(Table::kRoutes);
  EXPECT_TRUE(tables.apply(replacing(route("10.1.0.0/16", 0, hop("192.0.2.2"))), kNotified).routes_doubtful);
}

TEST(Tables, TakesTheFirstOfEqualRoutesAsTheKernelOrdersThem) {
  Tables tables;
  tables.begin_dump(Table::kRoutes);
  tables.apply(route("10.0.0.0/8", 0, hop("192.0.2.9")), kDumped);
  tables.apply(route("10.0.0.0/8", 0, hop("192.0.2.1")), kDumped);
  tables.end_dump(Table::kRoutes);
  ASSERT_EQ(tables.routes().size(), 1U);
  EXPECT_EQ(tables.routes()[0].next_hops[0], hop("192.0.2.9"));
}

TEST(Tables, DoubtsRoutesWhenALinkGoesDownOrComesBack) {
  Tables tables;
  EXPECT_TRUE(tables.apply(link(true), kNotified).routes_doubtful);
  EXPECT_FALSE(tables.apply(link(true), kNotified).routes_doubtful);
  EXPECT_TRUE(tables.apply(link(false), kNotified).routes_doubtful);
  EXPECT_TRUE(tables.apply(link(false), kNotified).routes_doubtful);  // The kernel may tell before it flushes.
  EXPECT_TRUE(tables.apply(link(true), kNotified).routes_doubtful);
  EXPECT_TRUE(tables.apply(link(true, Change::kRemoved), kNotified).routes_doubtful);
  EXPECT_TRUE(tables.links().empty());
}

TEST(Tables, FindsALinkByItsName) {
  Tables tables;
  tables.apply(link(true), kNotified);
  EXPECT_EQ(tables.link("wan")->index, 3);
  EXPECT_EQ(tables.link("lan"), std::nullopt);
}

TEST(Tables, KeepTheDefaultRoutesOfBothFamiliesApart) {
  Tables tables;
  tables.apply(route("0.0.0.0/0", 0, hop("192.0.2.1")), kNotified);
  tables.apply(route("::/0", 0, hop("fe80::1")), kNotified);
  ASSERT_EQ(tables.routes().size(), 2U);
  EXPECT_EQ(tables.routes()[1].prefix.to_string(), "::/0");
  tables.apply(route("0.0.0.0/0", 0, hop("192.0.2.1"), Change::kRemoved), kNotified);
  ASSERT_EQ(tables.routes().size(), 1U);
  EXPECT_EQ(tables.routes()[0].next_hops[0].gateway->to_string(), "fe80::1");
}

}  // namespace
}  // namespace sluice::control::netlink
