#include "control/announce/l2.h"

#include <net/if.h>

#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "tests/control/test_namespace.h"

namespace sluice::control::announce {
namespace {

using std::chrono::milliseconds;

const net::MacAddress kMac{{0x02, 0, 0, 0, 0, 0x01}};
const net::IpAddress kVip = net::Ipv4Address{net::Be32{0xcb007140}};  // 203.0.113.64
const Interface kWan{.index = 3, .name = "wan", .mac = kMac};
const Interface kLan{.index = 4, .name = "lan", .mac = kMac};

// Collects what would be sent, by interface.
class L2AnnouncerOnPaper : public testing::Test {
 protected:
  static constexpr milliseconds kRound{40};

  SendFrame collect() {
    return [this](int index, std::span<const std::uint8_t>) -> base::Result<> {
      if (broken_) return base::fail("link is down");
      ++frames_[index];
      times_.push_back(Reactor::Clock::now());
      return {};
    };
  }
  bool nothing_more_within(milliseconds limit) {
    const auto before = times_.size();
    run_until(
        reactor_, [] { return false; }, limit);
    return times_.size() == before;
  }

  Reactor reactor_;
  std::map<int, int> frames_;
  std::vector<Reactor::Clock::time_point> times_;
  bool broken_ = false;
  L2Announcer announcer_{reactor_, collect(), {.between_rounds = kRound, .between_batches = milliseconds{1}}};
};

TEST_F(L2AnnouncerOnPaper, AnnouncesThreeTimesInBothFormsOnEachInterface) {
  announcer_.announce(kVip, {kWan, kLan});
  EXPECT_TRUE(run_until(reactor_, [&] { return times_.size() == 12; }));
  EXPECT_TRUE(nothing_more_within(2 * kRound));
  EXPECT_EQ(frames_[3], 6);
  EXPECT_EQ(frames_[4], 6);
  EXPECT_GE(times_[4] - times_[3], kRound - milliseconds{1});
  EXPECT_GE(times_[8] - times_[7], kRound - milliseconds{1});
}

TEST_F(L2AnnouncerOnPaper, StopsWhenTheVipIsWithdrawn) {
  announcer_.announce(kVip, {kWan});
  EXPECT_TRUE(run_until(reactor_, [&] { return times_.size() == 2; }));
  announcer_.withdraw(kVip);
  EXPECT_TRUE(nothing_more_within(3 * kRound));
}

TEST_F(L2AnnouncerOnPaper, StartsAnewWhenTheVipMovesToAnotherInterface) {
  announcer_.announce(kVip, {kWan});
  EXPECT_TRUE(run_until(reactor_, [&] { return times_.size() == 2; }));
  announcer_.announce(kVip, {kLan});
  EXPECT_TRUE(run_until(reactor_, [&] { return frames_[4] == 6; }));
  EXPECT_EQ(frames_[3], 2);
}

TEST_F(L2AnnouncerOnPaper, SendsThousandsOfVipsInBatches) {
  std::size_t most_in_a_turn = 0;
  for (std::uint32_t i = 0; i < 3000; ++i) announcer_.announce(net::Ipv4Address{net::Be32{0x0a000000U + i}}, {kWan});
  EXPECT_TRUE(run_until(reactor_, [&] {
    const auto before = times_.size();
    reactor_.run_once(milliseconds{0});
    most_in_a_turn = std::max(most_in_a_turn, times_.size() - before);
    return times_.size() == 3000 * 6;
  }));
  EXPECT_LE(most_in_a_turn, 2U * 64U);
}

TEST_F(L2AnnouncerOnPaper, TriesAgainInTheNextRoundAfterAFailure) {
  broken_ = true;
  announcer_.announce(kVip, {kWan});
  EXPECT_TRUE(run_until(reactor_, [&] { return announcer_.frames_failed() == 1; }));
  broken_ = false;
  EXPECT_TRUE(run_until(reactor_, [&] { return announcer_.frames_sent() == 4; }));
}

TEST(L2Announcer, CorrectsTheEntriesOfANeighbour) {
  const TestNamespace box, far;
  if (!box.made() || !far.made()) GTEST_SKIP() << "needs root: makes network namespaces";
  ASSERT_TRUE(box.shell("ip link add wan type veth peer name far; ip link set far netns " + far.path() +
                        "; ip link set wan up"));
  ASSERT_TRUE(
      far.shell("ip link set far up; ip addr add 203.0.113.1/24 dev far\n"
                "ip addr add 2001:db8::1/64 dev far nodad\n"
                "ip neigh add 203.0.113.64 lladdr 02:00:00:00:00:99 nud reachable dev far\n"
                "ip neigh add 2001:db8::64 lladdr 02:00:00:00:00:99 nud reachable dev far\n"
                "echo 0 >/proc/sys/net/ipv4/neigh/far/locktime"));
  box.enter();
  auto send = open_packet_sender();
  const int index = static_cast<int>(::if_nametoindex("wan"));
  box.leave();
  ASSERT_TRUE(send) << send.message();
  Reactor reactor;
  L2Announcer announcer{reactor, *send};
  announcer.announce(kVip, {{.index = index, .name = "wan", .mac = kMac}});
  announcer.announce(*net::IpAddress::parse("2001:db8::64"), {{.index = index, .name = "wan", .mac = kMac}});
  EXPECT_TRUE(run_until(reactor, [&] { return announcer.frames_sent() == 3; }));
  EXPECT_TRUE(far.shell("ip neigh show 203.0.113.64 | grep -q 02:00:00:00:00:01"));
  EXPECT_TRUE(far.shell("ip neigh show 2001:db8::64 | grep -q 02:00:00:00:00:01"));
}

}  // namespace
}  // namespace sluice::control::announce
