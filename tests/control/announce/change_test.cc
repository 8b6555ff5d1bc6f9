#include "control/announce/change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::control::announce {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const net::IpAddress kOld = net::Ipv4Address{net::Be32{0xcb007140}};
const net::IpAddress kNew = net::Ipv4Address{net::Be32{0xcb007141}};
const Interface kWan{.index = 3, .name = "wan", .mac = {{0x02, 0, 0, 0, 0, 0x01}}};
const Interface kLan{.index = 4, .name = "lan", .mac = {{0x02, 0, 0, 0, 0, 0x02}}};
const Interface kWanOfAnotherMac{.index = 3, .name = "wan", .mac = {{0x02, 0, 0, 0, 0, 0x09}}};
const Interface kWanMadeAnew{.index = 7, .name = "wan", .mac = kWan.mac};

Segment up(const Interface& interface) { return {.interface = interface, .is_up = true}; }
Segment down(const Interface& interface) { return {.interface = interface, .is_up = false}; }

TEST(AnnounceChange, AnnouncesAVipAgainWhereAPortIsNewToItsNeighbours) {
  struct Row {
    const char* what;
    std::vector<Segment> before, now;
    std::vector<Interface> due;
  };
  const Row rows[] = {{"nothing", {up(kWan), up(kLan)}, {up(kWan), up(kLan)}, {}},
                      {"link went", {up(kWan), up(kLan)}, {down(kWan), up(kLan)}, {}},
                      {"link is still away", {down(kWan), up(kLan)}, {down(kWan), up(kLan)}, {}},
                      {"link came back", {down(kWan), up(kLan)}, {up(kWan), up(kLan)}, {kWan}},
                      {"both came back", {down(kWan), down(kLan)}, {up(kWan), up(kLan)}, {kWan, kLan}},
                      {"another MAC", {up(kWan), up(kLan)}, {up(kWanOfAnotherMac), up(kLan)}, {kWanOfAnotherMac}},
                      {"another MAC, but down", {up(kWan)}, {down(kWanOfAnotherMac)}, {}},
                      {"made anew", {up(kWan)}, {up(kWanMadeAnew)}, {kWanMadeAnew}},
                      {"port vanished", {up(kWan), up(kLan)}, {up(kLan)}, {}},
                      {"port appeared", {up(kLan)}, {up(kWan), up(kLan)}, {kWan}}};
  for (const Row& row : rows) {
    const auto change = compare({{kOld}, row.before}, {{kOld}, row.now});
    EXPECT_THAT(change.left, IsEmpty()) << row.what;
    const auto due = change.due.find(kOld);
    EXPECT_EQ(due == change.due.end() ? std::vector<Interface>{} : due->second, row.due) << row.what;
  }
}

TEST(AnnounceChange, AnnouncesANewVipEverywhereAndForgetsOneThatLeft) {
  const auto change = compare({{kOld}, {up(kWan), up(kLan)}}, {{kNew}, {up(kWan), down(kLan)}});
  EXPECT_THAT(change.left, ElementsAre(kOld));
  EXPECT_THAT(change.due, ElementsAre(Pair(kNew, ElementsAre(kWan, kLan))));
}

TEST(AnnounceChange, AnnouncesAVipOfTwoServicesOnce) {
  const auto change = compare({{kOld}, {up(kWan)}}, {{kNew, kOld, kNew}, {up(kWan)}});
  EXPECT_THAT(change.due, ElementsAre(Pair(kNew, ElementsAre(kWan))));
}

}  // namespace
}  // namespace sluice::control::announce
