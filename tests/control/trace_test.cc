#include "control/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cases/sctp_frames.h"
#include "tests/dataplane/capture_world.h"

namespace sluice::control {
namespace {

using dataplane::CaptureWorld;
using dataplane::Shown;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> kPorts{"wan", "lan"};

// "step: sentence"
std::vector<std::string> told(const CaptureWorld& world, const Shown& shown) {
  std::vector<std::string> lines;
  const TraceView view{.snapshot = *world.snapshot, .port_names = kPorts, .rss = world.pipeline.rss()};
  for (const auto& step : tell_trace(shown.packet, {.came = shown.came, .sent = shown.sent}, view)) {
    lines.push_back(step.step + ": " + step.sentence);
  }
  return lines;
}

TEST(TellTrace, TellsWhyANewFlowGetsItsNode) {
  CaptureWorld world;
  const auto shown = world.send(cases::from_client(80, net::kTcpSyn)).at(0);
  const std::string snat =
      shown.packet.flow->snat.to_string() + ":" + std::to_string(shown.packet.flow->snat_port.host());
  EXPECT_THAT(told(world, shown),
              ElementsAre("arrive: 54 bytes by port wan from 02:00:00:00:01:01, on worker 0",
                          "parse: tcp 198.51.100.10:40000 > 203.0.113.64:80, flags S, TTL 64",
                          "answer: nothing that the appliance answers itself", "classify: of no open flow",
                          "classify: tcp 203.0.113.64:80 is service port 0",
                          testing::MatchesRegex("steer: slot [0-9]+ of [0-9]+ is node 10.20.0.11, node port 30080"),
                          "steer: a new flow: node 10.20.0.11, SNAT port " + snat,
                          "rewrite: becomes tcp " + snat +
                              " > 10.20.0.11:30080, flags S, TTL 63; to 02:00:00:00:02:11 by port lan"));
}

TEST(TellTrace, TellsOfAnAssociation) {
  CaptureWorld world;
  const auto opened = told(world, world.send(cases::client_packet(net::kSctpInit)).at(0));
  EXPECT_EQ(opened.at(1), "parse: sctp 198.51.100.10:40000 > 203.0.113.64:2905, chunk INIT, TTL 64");
  EXPECT_EQ(opened.at(3), "classify: sctp 203.0.113.64:2905 is service port 6");
  EXPECT_THAT(opened.at(5), HasSubstr("steer: a new flow: node 10.20.0.11, SNAT port "));
  EXPECT_THAT(opened.at(6), HasSubstr(" > 10.20.0.11:30905, chunk INIT, TTL 63; to 02:00:00:00:02:11 by port lan"));
  const auto known = told(world, world.send(cases::client_packet(net::kSctpInit)).at(0));
  EXPECT_THAT(known.at(2), HasSubstr(":2905, by "));
  EXPECT_THAT(known.at(2), HasSubstr("to node 10.20.0.11, init-sent"));
}

TEST(TellTrace, TellsOfAnAbort) {
  CaptureWorld world;
  auto nowhere = cases::client_packet(net::kSctpInit);
  nowhere.destination_port = 81;
  EXPECT_EQ(told(world, world.send(nowhere).at(0)).back(),
            "refuse: refused by an SCTP ABORT: no service, no usable node or no association");
}

TEST(TellTrace, NamesTheNodeAlsoWhereNoAddressOfThePacketDoes) {
  for (const auto delivery : {lb::Delivery::kDnat, lb::Delivery::kDsr}) {
    CaptureWorld world;
    world.snapshot = cases::make_snapshot(1, {.delivery = delivery});
    const auto lines = told(world, world.send(cases::from_client(80, net::kTcpSyn)).at(0));
    EXPECT_EQ(lines.at(6), "steer: a new flow: node 10.20.0.11, which sees the client's own address");
    const auto known = told(world, world.send(cases::from_client(80, net::kTcpAck)).at(0));
    EXPECT_THAT(known.at(3), HasSubstr(":80, to node 10.20.0.11, "));
  }
}

TEST(TellTrace, TellsTheFlowOfAKnownPacket) {
  CaptureWorld world;
  const auto opening = world.send(cases::from_client(80, net::kTcpSyn)).at(0);
  const auto lines = told(world, world.send(world.reply_of(opening), cases::kLan).at(0));
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_THAT(lines[3], HasSubstr("classify: of an open flow: tcp 198.51.100.10:40000 > 203.0.113.64:80, by "));
  EXPECT_EQ(lines[4], "steer: goes on to the client of its flow");
  EXPECT_THAT(lines[5], HasSubstr("rewrite: becomes tcp 203.0.113.64:80 > 198.51.100.10:40000, flags S."));
}

TEST(TellTrace, TellsWhereAPacketEndsAndWhy) {
  CaptureWorld world;
  auto spent = cases::from_client(80, net::kTcpSyn);
  spent.ttl = 1;
  const struct {
    cases::Frame frame;
    std::string last;
  } rows[] = {
      {cases::from_client(81, net::kTcpSyn),
       "refuse: refused by a TCP reset: no service, no usable node or no connection"},
      {cases::from_client(8080, net::kTcpSyn), "steer: its sender is not in the service's loadBalancerSourceRanges"},
      {cases::from_client(80, net::kTcpAck),
       "refuse: refused by a TCP reset: no service, no usable node or no connection"},
      {spent, "refuse: its time to live ended here, and ICMP says so"},
      {dataplane::segment6(81, net::kTcpSyn),
       "refuse: refused by a TCP reset: no service, no usable node or no connection"}};
  for (const auto& [frame, last] : rows) EXPECT_EQ(told(world, world.send(frame).at(0)).back(), last);
}

TEST(TellTrace, TellsOfBrokenPacketsAndOfOthers) {
  CaptureWorld world;
  const auto stump = told(world, world.send({cases::Bytes(10, 0)}).at(0));
  EXPECT_THAT(stump,
              ElementsAre("arrive: 10 bytes by port wan, on worker 0", "parse: shorter than its own headers say"));
  const auto arp = told(
      world, world
                 .send({cases::arp_bytes(
                     net::kArpRequest, net::kBroadcastMac,
                     {.sender_mac = cases::kRouterMac, .sender = cases::ip("203.0.113.1"), .target = cases::kVip})})
                 .at(0));
  ASSERT_EQ(arp.size(), 3U);
  EXPECT_EQ(arp[1], "parse: ARP 203.0.113.1 > 203.0.113.64");
  EXPECT_EQ(arp[2], "answer: answered by the appliance: ARP, neighbour solicitation or echo for a VIP");
}

TEST(TellTrace, NamesTheWorkerThatGetsThePacket) {
  dataplane::CaptureFilter all;
  all.verdicts.set();
  CaptureWorld world{all, 2000, 2};
  std::size_t handed_over = 0;
  for (std::uint16_t port = 1000; port < 1020; ++port) {
    auto frame = cases::from_client(80, net::kTcpSyn);
    frame.source_port = port;
    const auto shown = world.send(frame).at(0);
    const bool is_ours = shown.packet.verdict != dataplane::Verdict::kToWorker;
    handed_over += is_ours ? 0 : 1;
    EXPECT_EQ(told(world, shown).at(3), is_ours ? "owner: worker 0, this one" : "owner: worker 1: it gets the packet");
  }
  EXPECT_GT(handed_over, 0U);
}

TEST(TellTrace, ExplainsByALaterSnapshotThatComesToTheSameEnd) {
  CaptureWorld world;
  const auto opening = world.send(cases::from_client(80, net::kTcpSyn)).at(0);
  const auto refused = world.send(cases::from_client(81, net::kTcpSyn)).at(0);
  const auto lines = told(world, opening), refusal = told(world, refused);
  world.snapshot = cases::make_snapshot(2);
  EXPECT_EQ(told(world, opening), lines);
  EXPECT_EQ(told(world, refused), refusal);
}

TEST(TellTrace, DoesNotExplainByAnotherSnapshotThanThePacketMet) {
  CaptureWorld world;
  const auto shown = world.send(cases::from_client(80, net::kTcpSyn)).at(0);
  world.snapshot = cases::make_snapshot(2, {.http_backend = cases::kBackend2});
  for (const auto& line : told(world, shown)) EXPECT_THAT(line, testing::Not(HasSubstr("10.20.0.12"))) << line;
}

}  // namespace
}  // namespace sluice::control
