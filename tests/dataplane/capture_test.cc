#include "dataplane/capture.h"

#include <gtest/gtest.h>

#include "tests/dataplane/capture_world.h"

namespace sluice::dataplane {
namespace {

TEST(Capture, ShowsAPacketAsItCameAndAsItWent) {
  CaptureWorld world;
  const auto opening = cases::from_client(80, net::kTcpSyn);
  const auto shown = world.send(opening);
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].came, cases::bytes_of(opening));
  EXPECT_EQ(shown[0].sent, world.sent().at(0));
  EXPECT_NE(shown[0].sent, shown[0].came);
  const auto& packet = shown[0].packet;
  EXPECT_EQ(packet.verdict, Verdict::kToNode);
  EXPECT_EQ(packet.port, cases::kWan);
  EXPECT_EQ(packet.sent_port, cases::kLan);
  EXPECT_EQ(packet.arrived, 1U);
  EXPECT_EQ(packet.left, 2U);
  EXPECT_FALSE(packet.found);
  ASSERT_TRUE(packet.flow);
  EXPECT_EQ(packet.flow->node, net::IpAddress{cases::kNode1});
}

TEST(Capture, KnowsTheFlowOfANodesReply) {
  CaptureWorld world;
  const auto opening = world.send(cases::from_client(80, net::kTcpSyn)).at(0);
  const auto reply = world.send(world.reply_of(opening), cases::kLan).at(0);
  EXPECT_EQ(reply.packet.verdict, Verdict::kToClient);
  ASSERT_TRUE(reply.packet.found);
  EXPECT_EQ(reply.packet.found->client, net::IpAddress{cases::kClient});
  EXPECT_EQ(reply.packet.direction, nat::Direction::kToClient);
}

TEST(Capture, ShowsARefusalWithTheDropThatItIsTheAnswerTo) {
  CaptureWorld world;
  const auto segment = cases::from_client(81, net::kTcpSyn);
  const auto shown = world.send(segment).at(0);
  EXPECT_EQ(shown.packet.verdict, Verdict::kReplyReset);
  EXPECT_EQ(shown.packet.instead_of, Verdict::kDropNoService);
  EXPECT_EQ(shown.came, cases::bytes_of(segment));
  EXPECT_EQ(shown.sent, world.sent().at(0)) << "the reset";
}

TEST(Capture, ShowsADropAsItCameOnly) {
  CaptureWorld world;
  const auto shown = world.send(cases::from_client(8080, net::kTcpSyn)).at(0);
  EXPECT_EQ(shown.packet.verdict, Verdict::kDropSourceRange);
  EXPECT_FALSE(shown.packet.is_sent());
  EXPECT_TRUE(shown.sent.empty());
}

TEST(Capture, KeepsThePacketsOfABurstApart) {
  CaptureWorld world;
  auto first = cases::from_client(80, net::kTcpSyn), second = segment6(80, net::kTcpSyn);
  second.source_port = 40001;
  cases::Bytes stump(10, 0);
  const auto shown = world.send({cases::bytes_of(first), stump, cases::bytes_of(second)});
  ASSERT_EQ(shown.size(), 3U);
  EXPECT_EQ(shown[0].came, cases::bytes_of(first));
  EXPECT_EQ(shown[1].packet.verdict, Verdict::kDropTruncated);
  EXPECT_EQ(shown[2].came, cases::bytes_of(second));
  EXPECT_EQ(shown[2].packet.flow->client, net::IpAddress{cases::kClient6});
}

TEST(Capture, CutsFramesAtItsSnaplen) {
  CaptureWorld world{{}, 64};
  auto long_one = cases::from_client(80, net::kTcpSyn);
  long_one.payload = std::string(500, 'x');
  const auto shown = world.send(long_one).at(0);
  EXPECT_EQ(shown.came.size(), 64U);
  EXPECT_EQ(shown.sent.size(), 64U);
  EXPECT_EQ(shown.packet.length, cases::bytes_of(long_one).size());
}

TEST(Capture, LeavesAloneWhatDoesNotMatch) {
  CaptureFilter filter;
  filter.flow.client = cases::kNeighbour;
  CaptureWorld world{filter};
  EXPECT_TRUE(world.send(cases::from_client(80, net::kTcpSyn)).empty());
  EXPECT_EQ(world.pipeline.v4().flows().size(), 1U);
  EXPECT_EQ(world.capture.lost(), 0U);
}

TEST(Capture, CountsWhatMeetsAFullRing) {
  CaptureWorld world;
  Burst burst;
  auto frame = cases::bytes_of(cases::from_client(8080, net::kTcpSyn));
  for (std::size_t i = 0; i < Capture::kSlotsMin + 3; ++i) {
    burst.clear();
    burst.add(frame.data(), static_cast<std::uint16_t>(frame.size()), cases::kWan, nullptr);
    world.capture.begin(0, *world.snapshot, Origin::kPort);
    world.pipeline.process(*world.snapshot, 0, burst, world.capture);
    world.capture.finish(burst, 0);
  }
  EXPECT_EQ(world.capture.lost(), 3U);
  EXPECT_EQ(drain(world.capture.ring()).size(), Capture::kSlotsMin);
}

TEST(Capture, TakesMemoryForItsSlotsByTheirSize) {
  Capture small{{.snaplen = 256}, 0};
  Capture large{{.snaplen = 9018}, 0};
  EXPECT_GT(small.ring().slots(), 4 * large.ring().slots());
  EXPECT_GE(large.ring().slots(), Capture::kSlotsMin);
}

}  // namespace
}  // namespace sluice::dataplane
