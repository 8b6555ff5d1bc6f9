#include "nat/sctp_state.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::nat {
namespace {

using enum SctpState;
using namespace net;

constexpr std::uint8_t kSack = 3, kHeartbeat = 4;

struct Chunk {
  Direction from;  // kToNode: sent by the client
  std::uint8_t type;
};
constexpr Chunk client(std::uint8_t type) { return {Direction::kToNode, type}; }
constexpr Chunk node(std::uint8_t type) { return {Direction::kToClient, type}; }

SctpState after(const std::vector<Chunk>& chunks, SctpState state = kInitSent) {
  for (const Chunk& chunk : chunks) state = next(state, chunk.from, chunk.type);
  return state;
}
SctpState established_then(const std::vector<Chunk>& more) { return after(more, kEstablished); }

constexpr SctpState kAllStates[] = {kNone,
                                    kInitSent,
                                    kInitAcked,
                                    kCookieEchoed,
                                    kEstablished,
                                    kShutdownByClient,
                                    kShutdownByNode,
                                    kShutdownAckedByClient,
                                    kShutdownAckedByNode,
                                    kClosed,
                                    kAbortedByClient,
                                    kAbortedByNode,
                                    kOneWayUnknown,
                                    kOneWayInitSent,
                                    kOneWayEstablished,
                                    kOneWayClosed};
static_assert(std::size(kAllStates) == kSctpStateCount);

// RFC 9260 5.1.
TEST(SctpState, FollowsTheHandshake) {
  EXPECT_EQ(after({client(kSctpInit)}), kInitSent);
  EXPECT_EQ(after({client(kSctpInit), node(kSctpInitAck)}), kInitAcked);
  EXPECT_EQ(after({client(kSctpInit), node(kSctpInitAck), client(kSctpCookieEcho)}), kCookieEchoed);
  EXPECT_EQ(after({client(kSctpInit), node(kSctpInitAck), client(kSctpCookieEcho), node(kSctpCookieAck)}),
            kEstablished);
}

TEST(SctpState, IsEmbryonicUntilTheCookieIsEchoed) {
  EXPECT_TRUE(is_embryonic(after({client(kSctpInit), client(kSctpInit)})));
  EXPECT_TRUE(is_embryonic(after({client(kSctpInit), node(kSctpInitAck), client(kSctpInit), node(kSctpInitAck)})));
  EXPECT_FALSE(is_embryonic(after({client(kSctpInit), node(kSctpInitAck), client(kSctpCookieEcho)})));
}

TEST(SctpState, IsNotEstablishedByTheClientAlone) {
  EXPECT_EQ(after({client(kSctpCookieEcho), client(kSctpData)}), kInitSent);
  EXPECT_EQ(after({node(kSctpInitAck), client(kSctpCookieEcho), client(kSctpData), client(kHeartbeat)}), kCookieEchoed);
  EXPECT_EQ(after({node(kSctpInitAck), client(kSctpCookieEcho), client(kSctpAbort), client(kSctpData)}), kClosed);
  EXPECT_EQ(after({client(kSctpAbort), client(kSctpData)}), kClosed);
}

TEST(SctpState, StaysEstablishedWhateverAnOpenAssociationSends) {
  for (unsigned type = 0; type < 256; ++type) {
    if (type >= kSctpAbort && type <= kSctpShutdownAck) continue;
    EXPECT_EQ(established_then({client(static_cast<std::uint8_t>(type))}), kEstablished) << type;
    EXPECT_EQ(established_then({node(static_cast<std::uint8_t>(type))}), kEstablished) << type;
  }
}

// RFC 9260 5.2.2: a client that lost its memory begins anew; the node answers by the same association.
TEST(SctpState, StaysEstablishedWhenTheClientRestarts) {
  EXPECT_EQ(established_then({client(kSctpInit), node(kSctpInitAck), client(kSctpCookieEcho), node(kSctpCookieAck)}),
            kEstablished);
  EXPECT_FALSE(may_reuse(established_then({client(kSctpInit)})));
}

// RFC 9260 9.2.
TEST(SctpState, FollowsAShutdownFromEitherEnd) {
  EXPECT_EQ(established_then({client(kSctpShutdown)}), kShutdownByClient);
  EXPECT_EQ(established_then({client(kSctpShutdown), node(kSctpData), client(kSack)}), kShutdownByClient);
  EXPECT_EQ(established_then({client(kSctpShutdown), node(kSctpShutdownAck)}), kShutdownAckedByNode);
  EXPECT_EQ(established_then({client(kSctpShutdown), node(kSctpShutdownAck), client(kSctpShutdownComplete)}), kClosed);
  EXPECT_EQ(established_then({node(kSctpShutdown)}), kShutdownByNode);
  EXPECT_EQ(established_then({node(kSctpShutdown), client(kSctpShutdownAck)}), kShutdownAckedByClient);
  EXPECT_EQ(established_then({node(kSctpShutdown), client(kSctpShutdownAck), node(kSctpShutdownComplete)}), kClosed);
}

TEST(SctpState, FollowsAShutdownFromBothEndsAtOnce) {
  EXPECT_EQ(established_then({client(kSctpShutdown), node(kSctpShutdown), client(kSctpShutdownAck),
                              node(kSctpShutdownAck), client(kSctpShutdownComplete)}),
            kClosed);
}

TEST(SctpState, ClosesByNoOneAlone) {
  EXPECT_NE(established_then({client(kSctpShutdown), client(kSctpShutdownAck), client(kSctpShutdownComplete)}),
            kClosed);
  EXPECT_NE(established_then({client(kSctpShutdownAck), client(kSctpShutdownComplete)}), kClosed);
  EXPECT_EQ(established_then({client(kSctpShutdownComplete), node(kSctpShutdownComplete)}), kEstablished);
}

TEST(SctpState, TakesAShutdownBackWhenItsEndSendsData) {
  EXPECT_EQ(established_then({client(kSctpShutdown), client(kSctpData)}), kEstablished);
  EXPECT_EQ(established_then({node(kSctpShutdown), node(kSctpData)}), kEstablished);
}

TEST(SctpState, BelievesAnAbortUntilItsEndSendsSomethingElse) {
  EXPECT_EQ(established_then({client(kSctpAbort)}), kAbortedByClient);
  EXPECT_EQ(established_then({client(kSctpAbort), node(kSctpData), client(kSctpAbort)}), kAbortedByClient);
  EXPECT_EQ(established_then({client(kSctpAbort), client(kHeartbeat)}), kEstablished);
  EXPECT_EQ(established_then({node(kSctpAbort), client(kSctpData)}), kAbortedByNode);
  EXPECT_EQ(established_then({node(kSctpAbort), node(kSack)}), kEstablished);
}

// A forged ABORT must not leave an association with ten seconds of patience.
TEST(SctpState, ForgetsAnAbortBeforeTheCookieWhenTheCookieComes) {
  EXPECT_EQ(after({node(kSctpAbort)}), kClosed);
  EXPECT_EQ(after({node(kSctpAbort), node(kSctpInitAck), client(kSctpCookieEcho), node(kSctpCookieAck)}), kEstablished);
}

TEST(SctpState, IsReusedOnlyWhenItIsOver) {
  for (const SctpState state : kAllStates) {
    const bool is_over = state == kClosed || state == kAbortedByClient || state == kAbortedByNode ||
                         state == kOneWayClosed || state == kOneWayUnknown;
    EXPECT_EQ(may_reuse(state), is_over) << to_string(state);
  }
}

TEST(SctpState, HearsOnlyTheClientWhereTheNodeAnswersPastUs) {
  EXPECT_EQ(after({client(kSctpCookieEcho)}, kOneWayInitSent), kOneWayEstablished);
  EXPECT_EQ(after({client(kSctpData), client(kHeartbeat)}, kOneWayInitSent), kOneWayInitSent);
  EXPECT_EQ(after({client(kSctpShutdown)}, kOneWayEstablished), kOneWayClosed);
  EXPECT_EQ(after({client(kSctpShutdownAck)}, kOneWayEstablished), kOneWayClosed);
  EXPECT_EQ(after({client(kSctpAbort)}, kOneWayEstablished), kOneWayClosed);
  EXPECT_EQ(after({node(kSctpAbort)}, kOneWayEstablished), kOneWayClosed);
  EXPECT_EQ(after({node(kSctpShutdown), node(kSctpInitAck), node(kSctpData)}, kOneWayEstablished), kOneWayEstablished);
  EXPECT_EQ(after({client(kSctpData), client(kSctpCookieEcho)}, kOneWayUnknown), kOneWayUnknown);
  EXPECT_EQ(after({client(kSctpInit)}, kOneWayUnknown), kOneWayInitSent);
}

TEST(SctpState, OfOtherProtocolsIsAlwaysNone) {
  for (unsigned type = 0; type < 256; ++type) {
    EXPECT_EQ(next(kNone, Direction::kToNode, static_cast<std::uint8_t>(type)), kNone);
    EXPECT_EQ(next(kNone, Direction::kToClient, static_cast<std::uint8_t>(type)), kNone);
  }
}

TEST(SctpState, HasANameForEveryState) {
  std::vector<std::string_view> names;
  for (const SctpState state : kAllStates) {
    EXPECT_EQ(std::count(names.begin(), names.end(), to_string(state)), 0) << to_string(state);
    names.push_back(to_string(state));
  }
}

}  // namespace
}  // namespace sluice::nat
