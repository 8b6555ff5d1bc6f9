#include "dataplane/recent_drops.h"

#include <gtest/gtest.h>

#include "dataplane/pipeline.h"
#include "tests/cases/sctp_frames.h"

namespace sluice::dataplane {
namespace {

using cases::Bytes;

// A packet that was dropped so, with its number in its bytes.
Verdict drop(RecentDrops& drops, nat::Tick now, Verdict verdict, std::uint8_t number) {
  Bytes frame(60, number);
  Packet packet;
  packet.data = frame.data();
  packet.length = static_cast<std::uint16_t>(frame.size());
  packet.verdict = verdict;
  return drops.record(now, packet, [&] { return verdict; });
}

std::vector<unsigned> numbers(const RecentDrops& drops, Verdict verdict) {
  std::vector<unsigned> numbers;
  for (const auto& packet : drops.latest(verdict)) numbers.push_back(packet.bytes[0]);
  return numbers;
}

TEST(RecentDrops, KeepTheLastOfEachKindTheNewestFirst) {
  RecentDrops drops;
  for (std::uint8_t i = 1; i <= 10; ++i) drop(drops, i, Verdict::kDropTtl, i);
  drop(drops, 11, Verdict::kDropStray, 99);
  EXPECT_EQ(numbers(drops, Verdict::kDropTtl), (std::vector<unsigned>{10, 9, 8, 7, 6, 5, 4, 3}));
  EXPECT_EQ(numbers(drops, Verdict::kDropStray), std::vector<unsigned>{99});
  EXPECT_TRUE(drops.latest(Verdict::kDropNoRoute).empty());
}

TEST(RecentDrops, WriteNoMoreInATickThanAreKept) {
  RecentDrops drops;
  for (const nat::Tick now : {0U, 1U}) {
    for (std::uint8_t i = 1; i <= 100; ++i) drop(drops, now, Verdict::kDropTtl, i);
    EXPECT_EQ(numbers(drops, Verdict::kDropTtl), (std::vector<unsigned>{8, 7, 6, 5, 4, 3, 2, 1}));
    EXPECT_EQ(drops.latest(Verdict::kDropTtl).back().when, now);
  }
}

TEST(RecentDrops, KeepNothingOfWhatIsNotDropped) {
  RecentDrops drops;
  for (const VerdictInfo& info : kVerdicts) {
    EXPECT_EQ(drop(drops, 1, info.verdict, 1), info.verdict);
    EXPECT_EQ(drops.latest(info.verdict).size(), is_drop(info.verdict) ? 1U : 0U) << info.name;
  }
}

TEST(DroppedPacketSlot, GivesBackWhatWasWrittenLast) {
  DroppedPacketSlot slot;
  EXPECT_EQ(slot.read(), std::nullopt);
  DroppedPacket packet{.bytes = {1, 2, 3}, .when = 7, .length = 60, .port = 1, .end = Verdict::kReplyReset};
  slot.write(packet);
  EXPECT_EQ(slot.read(), packet);
  packet.bytes.back() = 9;
  slot.write(packet);
  EXPECT_EQ(slot.read(), packet);
}

// What the pipeline keeps of one frame, and the end that it had.
struct Kept {
  Bytes frame;
  Verdict drop;
  Verdict end;
  std::size_t bytes;
};

class RecentDropsOfThePipeline : public testing::TestWithParam<bool> {};

// Alone, or among packets that are let through and refused.
TEST_P(RecentDropsOfThePipeline, AreTheFramesAsTheyCameIn) {
  const auto no_service = cases::bytes_of(cases::from_client(81, net::kTcpSyn));
  const auto restricted = cases::bytes_of(cases::from_client(8080, net::kTcpSyn));
  auto long_datagram = cases::from_client(81, 0);
  long_datagram.protocol = net::IpProtocol::kUdp;
  long_datagram.payload = std::string(500, 'x');
  auto reset = cases::from_client(81, net::kTcpRst);
  auto many_bytes = cases::bytes_of(long_datagram);
  auto nowhere = cases::client_packet(net::kSctpInit);
  nowhere.destination_port = 81;
  const auto init = cases::bytes_of(nowhere);
  const Kept rows[] = {
      {no_service, Verdict::kDropNoService, Verdict::kReplyReset, no_service.size()},
      {many_bytes, Verdict::kDropNoService, Verdict::kReplyUnreachable, DroppedPacket::kBytesMax},
      {init, Verdict::kDropNoService, Verdict::kReplyAbort, init.size()},
      {cases::bytes_of(reset), Verdict::kDropNoService, Verdict::kDropNoService, cases::bytes_of(reset).size()},
      {restricted, Verdict::kDropSourceRange, Verdict::kDropSourceRange, restricted.size()},
      {Bytes(5, 0xab), Verdict::kDropTruncated, Verdict::kDropTruncated, 5},
  };
  const auto snapshot = cases::make_snapshot(1);
  for (const Kept& row : rows) {
    Pipeline pipeline{{.flows_max = 16, .seed = 1, .snat_addresses = {cases::kSnat}}};
    std::vector<Bytes> frames{row.frame};
    if (GetParam()) {
      frames.push_back(cases::bytes_of(cases::from_client(80, net::kTcpSyn)));
      frames.push_back(cases::bytes_of(cases::from_client(443, net::kTcpSyn)));  // No usable node.
    }
    Burst burst;
    for (auto& frame : frames) {
      burst.add(frame.data(), static_cast<std::uint16_t>(frame.size()), cases::kWan, nullptr);
    }
    pipeline.process(*snapshot, 5, burst);
    const auto kept = pipeline.recent_drops().latest(row.drop);
    ASSERT_EQ(kept.size(), 1U) << name(row.drop);
    DroppedPacket expected{
        .when = 5, .length = static_cast<std::uint16_t>(row.frame.size()), .port = cases::kWan, .end = row.end};
    std::copy_n(row.frame.begin(), row.bytes, expected.bytes.begin());
    EXPECT_EQ(kept.front(), expected) << name(row.drop) << " " << name(kept.front().end);
  }
}
INSTANTIATE_TEST_SUITE_P(AloneAndAmongOthers, RecentDropsOfThePipeline, testing::Bool());

TEST(RecentDrops, AreFoundInEveryBurst) {
  Pipeline pipeline{{.flows_max = 16, .seed = 1, .snat_addresses = {cases::kSnat}}};
  const auto snapshot = cases::make_snapshot(1);
  const Bytes passing = cases::bytes_of(cases::from_client(80, net::kTcpSyn));
  for (nat::Tick now = 1; now <= 4; ++now) {
    Bytes first = passing, bad(5), last = passing;
    Burst burst;
    for (Bytes* frame : {&first, &bad, &last}) {
      burst.add(frame->data(), static_cast<std::uint16_t>(frame->size()), cases::kWan, nullptr);
    }
    pipeline.process(*snapshot, now, burst);
    EXPECT_EQ(pipeline.recent_drops().latest(Verdict::kDropTruncated).size(), now);
  }
}

}  // namespace
}  // namespace sluice::dataplane
