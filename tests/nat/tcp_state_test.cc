#include "nat/tcp_state.h"

#include <vector>

#include <gtest/gtest.h>

#include "net/headers.h"

namespace sluice::nat {
namespace {

using enum TcpState;

struct Segment {
  Direction from;  // kToNode: sent by the client
  std::uint8_t flags;
};
constexpr std::uint8_t kSyn = net::kTcpSyn, kAck = net::kTcpAck, kFin = net::kTcpFin, kRst = net::kTcpRst;
constexpr Segment client(int flags) { return {Direction::kToNode, static_cast<std::uint8_t>(flags)}; }
constexpr Segment node(int flags) { return {Direction::kToClient, static_cast<std::uint8_t>(flags)}; }

TcpState after(const std::vector<Segment>& segments, TcpState state = kSynSent) {
  for (const Segment& segment : segments) state = next(state, segment.from, segment.flags);
  return state;
}
const std::vector<Segment> kHandshake{client(kSyn), node(kSyn | kAck), client(kAck)};
std::vector<Segment> established_then(const std::vector<Segment>& more) {
  std::vector<Segment> all = kHandshake;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// RFC 9293 figure 6.
TEST(TcpState, FollowsTheThreeWayHandshake) {
  EXPECT_EQ(after({client(kSyn)}), kSynSent);
  EXPECT_EQ(after({client(kSyn), node(kSyn | kAck)}), kSynReceived);
  EXPECT_EQ(after(kHandshake), kEstablished);
  EXPECT_EQ(after({client(kSyn), node(kSyn | kAck), client(kAck | net::kTcpPsh)}), kEstablished);
}

// RFC 9293 figure 7, RFC 5382 REQ-2.
TEST(TcpState, FollowsASimultaneousOpen) {
  EXPECT_EQ(after({client(kSyn), node(kSyn), client(kSyn | kAck), node(kSyn | kAck), client(kAck)}), kEstablished);
}

TEST(TcpState, IsNotEstablishedByTheNodeAlone) {
  EXPECT_EQ(after({client(kSyn), node(kSyn | kAck), node(kSyn | kAck), node(kAck)}), kSynReceived);
  EXPECT_EQ(after({client(kSyn), node(kAck)}), kSynSent);  // A challenge ACK of an old connection.
}

TEST(TcpState, StaysEmbryonicWhileSegmentsAreRepeated) {
  EXPECT_TRUE(is_embryonic(after({client(kSyn), client(kSyn), client(kSyn)})));
  EXPECT_TRUE(is_embryonic(after({client(kSyn), node(kSyn | kAck), client(kSyn), node(kSyn | kAck)})));
  EXPECT_FALSE(is_embryonic(after(kHandshake)));
}

// RFC 9293 figures 12 and 13.
TEST(TcpState, IsClosingAfterFinFromBothSides) {
  EXPECT_EQ(after(established_then({client(kFin | kAck)})), kClientClosed);
  EXPECT_EQ(after(established_then({node(kFin | kAck)})), kNodeClosed);
  EXPECT_EQ(after(established_then({client(kFin | kAck), node(kAck), node(kFin | kAck), client(kAck)})), kClosing);
  EXPECT_EQ(after(established_then({node(kFin | kAck), client(kFin | kAck), node(kAck)})), kClosing);
}

TEST(TcpState, DoesNotTakeARepeatedFinForTheOtherSides) {
  EXPECT_EQ(after(established_then({client(kFin | kAck), client(kFin | kAck), node(kAck)})), kClientClosed);
  EXPECT_EQ(after(established_then({node(kFin | kAck), node(kFin | kAck), client(kAck)})), kNodeClosed);
}

TEST(TcpState, TakesAFinWithTheHandshakesLastAck) {
  EXPECT_EQ(after({client(kSyn), node(kSyn | kAck), client(kFin | kAck)}), kClientClosed);
}

TEST(TcpState, SurvivesAForgedReset) {
  EXPECT_EQ(after(established_then({client(kRst)})), kResetByClient);
  EXPECT_EQ(after(established_then({client(kRst), client(kAck)})), kEstablished);
  EXPECT_EQ(after(established_then({node(kRst), node(kAck)})), kEstablished);
}

TEST(TcpState, IsNotBroughtBackByWhatWasInFlight) {
  EXPECT_EQ(after(established_then({client(kRst), node(kAck), node(kFin | kAck)})), kResetByClient);
  EXPECT_EQ(after(established_then({node(kRst | kAck), client(kAck)})), kResetByNode);
}

constexpr std::size_t kTwoWayStateCount = static_cast<std::size_t>(kOneWayUnknown);

TEST(TcpState, IsResetInEveryState) {
  for (std::size_t state = 1; state < kTwoWayStateCount; ++state) {
    EXPECT_EQ(next(static_cast<TcpState>(state), Direction::kToNode, kRst | kAck), kResetByClient);
    EXPECT_EQ(next(static_cast<TcpState>(state), Direction::kToClient, kRst), kResetByNode);
  }
}

TEST(TcpState, StartsAnewByASynOnlyWhereReuseIsAllowed) {
  for (std::size_t number = 1; number < kTcpStateCount; ++number) {
    const auto state = static_cast<TcpState>(number);
    const TcpState after_syn = next(state, Direction::kToNode, kSyn);
    const bool starts_anew = after_syn != state && (after_syn == kSynSent || after_syn == kOneWaySynSent);
    EXPECT_EQ(starts_anew, may_reuse(state)) << to_string(state);
  }
}

TEST(TcpState, FollowsTheClientAloneWhereTheNodeIsNotHeard) {
  EXPECT_EQ(after({client(kSyn), client(kSyn)}, kOneWaySynSent), kOneWaySynSent);
  EXPECT_EQ(after({client(kSyn), client(kAck)}, kOneWaySynSent), kOneWayEstablished);
  EXPECT_EQ(after({client(kAck), client(kFin | kAck), client(kAck)}, kOneWaySynSent), kOneWayClosed);
  EXPECT_EQ(after({client(kAck), client(kRst)}, kOneWaySynSent), kOneWayClosed);
  EXPECT_EQ(after({client(kAck), client(kSyn)}, kOneWaySynSent), kOneWayEstablished);  // The node will object.
}

// Nobody can say that it is a connection, and so anybody could fill the table with established ones.
TEST(TcpState, LearnsNothingOfAConnectionWhoseBeginningItDidNotSee) {
  EXPECT_EQ(after({client(kAck), client(kAck), node(kAck), client(kFin | kAck), client(kRst)}, kOneWayUnknown),
            kOneWayUnknown);
  EXPECT_EQ(after({client(kSyn)}, kOneWayUnknown), kOneWaySynSent);
  EXPECT_TRUE(is_embryonic(kOneWayUnknown));
}

TEST(TcpState, DoesNotNeedTheNodeWhereItIsHeardByChance) {
  EXPECT_EQ(after({node(kSyn | kAck)}, kOneWaySynSent), kOneWaySynSent);
  EXPECT_EQ(after({client(kAck), node(kFin | kAck), node(kAck)}, kOneWaySynSent), kOneWayEstablished);
  EXPECT_EQ(after({client(kAck), node(kRst)}, kOneWaySynSent), kOneWayClosed);
}

TEST(TcpState, StaysNoneForOtherProtocolsWhateverTheFlagsAre) {
  for (int flags = 0; flags < 256; ++flags) {
    EXPECT_EQ(next(kNone, Direction::kToNode, static_cast<std::uint8_t>(flags)), kNone);
    EXPECT_EQ(next(kNone, Direction::kToClient, static_cast<std::uint8_t>(flags)), kNone);
  }
}

TEST(TcpState, IgnoresFlagsThatDoNotMatter) {
  for (std::size_t number = 0; number < kTcpStateCount; ++number) {
    const auto state = static_cast<TcpState>(number);
    for (int flags = 0; flags < 256; ++flags) {
      EXPECT_EQ(next(state, Direction::kToNode, static_cast<std::uint8_t>(flags)),
                next(state, Direction::kToNode, static_cast<std::uint8_t>(flags & 0x17)));
    }
  }
}

}  // namespace
}  // namespace sluice::nat
