#include "nat/timeouts.h"

#include <gtest/gtest.h>

namespace sluice::nat {
namespace {

using namespace std::chrono_literals;
using net::IpProtocol;

Flow4 tcp(TcpState state) {
  Flow4 flow{};
  flow.protocol = IpProtocol::kTcp;
  flow.vip_port = net::Be16{80};
  flow.state = state;
  return flow;
}

Flow4 sctp(SctpState state) {
  Flow4 flow{};
  flow.protocol = IpProtocol::kSctp;
  flow.vip_port = net::Be16{53};
  flow.sctp_state = state;
  return flow;
}

Flow4 udp(std::uint16_t port, std::uint8_t flags) {
  Flow4 flow{};
  flow.protocol = IpProtocol::kUdp;
  flow.vip_port = net::Be16{port};
  flow.flags = flags;
  return flow;
}

TEST(Timeouts, AreThoseOfTheRfcs) {
  const struct {
    Flow4 flow;
    std::chrono::seconds limit;
  } cases[] = {
      {tcp(TcpState::kSynSent), 5s},
      {tcp(TcpState::kSynReceived), 5s},
      {tcp(TcpState::kEstablished), 2h + 4min},  // RFC 5382 REQ-5
      {tcp(TcpState::kClientClosed), 120s},
      {tcp(TcpState::kNodeClosed), 120s},
      {tcp(TcpState::kClosing), 10s},
      {tcp(TcpState::kOneWayUnknown), 120s},
      {tcp(TcpState::kOneWaySynSent), 5s},
      {tcp(TcpState::kOneWayEstablished), 2h + 4min},
      {tcp(TcpState::kOneWayClosed), 120s},
      {tcp(TcpState::kResetByClient), 10s},
      {tcp(TcpState::kResetByNode), 10s},
      {sctp(SctpState::kInitSent), 5s},
      {sctp(SctpState::kInitAcked), 5s},
      {sctp(SctpState::kCookieEchoed), 5s},
      {sctp(SctpState::kEstablished), 210s},  // RFC 9260 16: 5 * HB.interval + RTO.Max
      {sctp(SctpState::kShutdownByClient), 60s},
      {sctp(SctpState::kShutdownAckedByNode), 60s},
      {sctp(SctpState::kClosed), 10s},
      {sctp(SctpState::kAbortedByClient), 10s},
      {sctp(SctpState::kAbortedByNode), 10s},
      {sctp(SctpState::kOneWayUnknown), 60s},
      {sctp(SctpState::kOneWayInitSent), 5s},
      {sctp(SctpState::kOneWayEstablished), 210s},
      {sctp(SctpState::kOneWayClosed), 60s},
      {udp(4433, 0), 30s},
      {udp(4433, kFlowReplied), 180s},  // RFC 4787 REQ-5
      {udp(53, 0), 10s},
      {udp(53, kFlowReplied), 5s},  // RFC 4787 REQ-5c
  };
  for (const auto& item : cases) {
    const auto limit = to_duration(idle_limit(item.flow, Timeouts{}));
    EXPECT_GE(limit, item.limit) << to_string(item.flow.state) << to_string(item.flow.sctp_state) << " port "
                                 << item.flow.vip_port.host();
    EXPECT_LT(limit, item.limit + kTickLength) << to_string(item.flow.state) << to_string(item.flow.sctp_state);
  }
}

TEST(Timeouts, CountUdpAsRepliedOnceTheNodeHasAnswered) {
  Flow4 flow = udp(4433, 0);
  flow.note(Direction::kToNode, 0, 1);
  EXPECT_TRUE(flow.is_embryonic());
  flow.note(Direction::kToClient, 0, 2);
  EXPECT_FALSE(flow.is_embryonic());
  EXPECT_EQ(idle_limit(flow, Timeouts{}), Timeouts{}.udp);
  EXPECT_EQ(flow.last_seen, 2U);
}

TEST(Timeouts, CountAnAssociationAsEmbryonicUntilItsCookieIsEchoed) {
  Flow4 flow = sctp(SctpState::kInitSent);
  flow.note_sctp(Direction::kToNode, net::kSctpInit, 1);
  flow.note_sctp(Direction::kToClient, net::kSctpInitAck, 2);
  EXPECT_TRUE(flow.is_embryonic());
  flow.note_sctp(Direction::kToNode, net::kSctpCookieEcho, 3);
  EXPECT_FALSE(flow.is_embryonic());
  EXPECT_EQ(idle_limit(flow, Timeouts{}), Timeouts{}.sctp_init);
  EXPECT_EQ(flow.last_seen, 3U);
  EXPECT_EQ(flow.flags, kFlowReplied);
}

}  // namespace
}  // namespace sluice::nat
