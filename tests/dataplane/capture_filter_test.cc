#include "dataplane/capture_filter.h"

#include <gtest/gtest.h>

#include "tests/cases/sctp_frames.h"
#include "tests/dataplane/capture_world.h"

namespace sluice::dataplane {
namespace {

using Protocol = CaptureFilter::Protocol;

CaptureFilter with_client(net::IpAddress address, std::optional<std::uint16_t> port = std::nullopt) {
  CaptureFilter filter;
  filter.flow.client = address;
  if (port) filter.flow.client_port = net::Be16{*port};
  return filter;
}
CaptureFilter with_vip(net::IpAddress address, std::optional<std::uint16_t> port = std::nullopt) {
  CaptureFilter filter;
  filter.flow.vip = address;
  if (port) filter.flow.vip_port = net::Be16{*port};
  return filter;
}
CaptureFilter with_node(net::IpAddress address) {
  CaptureFilter filter;
  filter.flow.node = address;
  return filter;
}
CaptureFilter with_verdict(Verdict verdict) {
  CaptureFilter filter;
  filter.verdicts.set(index(verdict));
  return filter;
}

// A whole exchange, with all packets taken: what is seen of the client's first segment and of the node's answer.
struct Exchange {
  CapturedPacket to_node, to_client;
};
Exchange exchange(const cases::Frame& opening) {
  CaptureWorld world;
  const auto first = world.send(opening).at(0);
  return {first.packet, world.send(world.reply_of(first), cases::kLan).at(0).packet};
}

TEST(CaptureFilter, FindsBothDirectionsOfAFlowByEitherSide) {
  const auto four = exchange(cases::from_client(80, net::kTcpSyn));
  const auto six = exchange(segment6(80, net::kTcpSyn));
  for (const auto& packet : {four.to_node, four.to_client}) {
    EXPECT_TRUE(with_client(cases::kClient).matches(packet));
    EXPECT_TRUE(with_client(cases::kClient, 40000).matches(packet));
    EXPECT_TRUE(with_vip(cases::kVip).matches(packet));
    EXPECT_TRUE(with_vip(cases::kVip, 80).matches(packet));
    EXPECT_TRUE(with_node(cases::kNode1).matches(packet));
    EXPECT_FALSE(with_client(cases::kNeighbour).matches(packet));
    EXPECT_FALSE(with_client(cases::kClient, 40001).matches(packet));
    EXPECT_FALSE(with_vip(cases::kVip, 81).matches(packet));
    EXPECT_FALSE(with_node(cases::kNode2).matches(packet));
    EXPECT_FALSE(with_vip(cases::kVip6).matches(packet));
  }
  for (const auto& packet : {six.to_node, six.to_client}) {
    EXPECT_TRUE(with_client(cases::kClient6).matches(packet));
    EXPECT_TRUE(with_vip(cases::kVip6, 80).matches(packet));
    EXPECT_TRUE(with_node(cases::kNode1V6).matches(packet));
    EXPECT_FALSE(with_vip(cases::kVip).matches(packet));
  }
}

TEST(CaptureFilter, FindsANodeThatNoAddressOfThePacketNames) {
  CaptureWorld world;
  world.snapshot = cases::make_snapshot(1, {.delivery = lb::Delivery::kDsr});
  const auto packet = world.send(cases::from_client(80, net::kTcpSyn)).at(0).packet;
  EXPECT_TRUE(with_node(cases::kNode1).matches(packet));
  EXPECT_FALSE(with_node(cases::kNode2).matches(packet));
}

TEST(CaptureFilter, FindsAPacketWithoutAFlowByItsOwnAddresses) {
  CaptureWorld world;
  const auto packet = world.send(cases::from_client(81, net::kTcpSyn)).at(0).packet;
  EXPECT_TRUE(with_client(cases::kClient, 40000).matches(packet));
  EXPECT_TRUE(with_vip(cases::kVip, 81).matches(packet));
  EXPECT_FALSE(with_vip(cases::kVip, 80).matches(packet));
  EXPECT_FALSE(with_node(cases::kNode1).matches(packet));
}

TEST(CaptureFilter, FindsADropByItsNameAlsoWhenItsSenderWasToldOfIt) {
  CaptureWorld world;
  const auto packet = world.send(cases::from_client(81, net::kTcpSyn)).at(0).packet;
  EXPECT_EQ(packet.verdict, Verdict::kReplyReset);
  EXPECT_TRUE(with_verdict(Verdict::kDropNoService).matches(packet));
  EXPECT_TRUE(with_verdict(Verdict::kReplyReset).matches(packet));
  EXPECT_FALSE(with_verdict(Verdict::kDropNoBackend).matches(packet));
}

TEST(CaptureFilter, TakesPacketsThatComeAgainOnlyWhenTheyAreNamed) {
  for (const Verdict verdict : {Verdict::kToWorker, Verdict::kHeld}) {
    const CapturedPacket packet{.verdict = verdict};
    EXPECT_FALSE(CaptureFilter{}.matches(packet));
    EXPECT_TRUE(with_verdict(verdict).matches(packet));
  }
}

TEST(CaptureFilter, KnowsProtocolsOnTheWire) {
  CaptureWorld world;
  const auto tcp = world.send(cases::from_client(80, net::kTcpSyn)).at(0).packet;
  const auto sctp = world.send(cases::client_packet(net::kSctpInit)).at(0).packet;
  const auto ping = world.send({cases::echo_bytes(cases::from_client(0, 0), net::kIcmpEchoRequest, 0)}).at(0).packet;
  const auto arp =
      world
          .send({cases::arp_bytes(
              net::kArpRequest, net::kBroadcastMac,
              {.sender_mac = cases::kRouterMac, .sender = cases::ip("203.0.113.1"), .target = cases::kVip})})
          .at(0)
          .packet;
  const std::pair<Protocol, const CapturedPacket*> rows[] = {
      {Protocol::kTcp, &tcp}, {Protocol::kSctp, &sctp}, {Protocol::kIcmp, &ping}, {Protocol::kArp, &arp}};
  for (const auto& [protocol, own] : rows) {
    CaptureFilter filter;
    filter.protocol = protocol;
    for (const auto* packet : {&tcp, &sctp, &ping, &arp}) EXPECT_EQ(filter.matches(*packet), packet == own);
  }
  EXPECT_TRUE(with_vip(cases::kVip).matches(arp));
  EXPECT_TRUE(with_vip(cases::kVip).matches(ping));
}

TEST(CaptureFilter, WantsFramesOfOnePortAndDirectionOnly) {
  const auto packet = exchange(cases::from_client(80, net::kTcpSyn)).to_node;
  CaptureFilter at_lan;
  at_lan.port = cases::kLan;
  EXPECT_FALSE(at_lan.wants_as_it_came(packet));
  EXPECT_TRUE(at_lan.wants_as_sent(packet));
  CaptureFilter arriving;
  arriving.takes_sent = false;
  EXPECT_TRUE(arriving.wants_as_it_came(packet));
  EXPECT_FALSE(arriving.wants_as_sent(packet));
}

}  // namespace
}  // namespace sluice::dataplane
