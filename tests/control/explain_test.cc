#include "control/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/pipeline.h"
#include "tests/cases/sctp_frames.h"

namespace sluice::control {
namespace {

using dataplane::Verdict;
using net::IpProtocol;

struct Asked {
  IpProtocol protocol;
  net::IpAddress client, vip;
  std::uint16_t port;
};

ExplainedFlow explained(const dataplane::Snapshot& snapshot, const Asked& asked) {
  const net::Be16 client_port{40000}, port{asked.port};
  const std::vector<std::string> names{"wan", "lan"};
  if (asked.vip.is_v4()) {
    return explain_flow(snapshot, net::FlowKey4{asked.client.v4(), asked.vip.v4(), client_port, port, asked.protocol},
                        names);
  }
  return explain_flow(snapshot, net::FlowKey6{asked.client.v6(), asked.vip.v6(), client_port, port, asked.protocol},
                      names);
}

// What becomes of the packet in a fresh worker.
Verdict seen(const dataplane::Snapshot& snapshot, const Asked& asked) {
  auto frame = cases::from_client(asked.port, net::kTcpSyn);
  frame.protocol = asked.protocol;
  if (asked.protocol == IpProtocol::kSctp) frame = cases::client_chunk(frame, net::kSctpInit);
  frame.source = asked.client;
  frame.destination = asked.vip;
  cases::Bytes bytes = cases::bytes_of(frame);
  const auto length = static_cast<std::uint16_t>(bytes.size());
  bytes.resize(200);
  dataplane::Pipeline pipeline{
      {.flows_max = 16, .seed = 1, .snat_addresses = snapshot.v4.snat_addresses, .snat6_addresses = {cases::kSnat6}}};
  dataplane::Burst burst;
  burst.add(bytes.data(), length, cases::kWan, nullptr, static_cast<std::uint16_t>(bytes.size()));
  pipeline.process(snapshot, 0, burst);
  return burst[0].verdict;
}

std::string last_sentence(const ExplainedFlow& told) { return told.steps.empty() ? "" : told.steps.back().sentence; }

TEST(ExplainFlow, TellsTheVerdictThatThePacketPathGives) {
  struct Row {
    Asked asked;
    std::string_view verdict;
    std::string_view instead_of;
  };
  const auto kTcp = IpProtocol::kTcp, kUdp = IpProtocol::kUdp, kSctp = IpProtocol::kSctp;
  const Row rows[] = {{{kTcp, cases::kClient, cases::kVip, 80}, "to_node", ""},
                      {{kUdp, cases::kClient, cases::kVip, 53}, "to_node", ""},
                      {{kTcp, cases::kClient, cases::kVip, 81}, "reply_reset", "drop_no_service"},
                      {{kUdp, cases::kClient, cases::kVip, 81}, "reply_unreachable", "drop_no_service"},
                      {{kTcp, cases::kClient, cases::kVip, 443}, "reply_reset", "drop_no_backend"},
                      {{kTcp, cases::ip("127.0.0.1"), cases::kVip, 81}, "drop_no_service", ""},
                      {{kTcp, cases::kClient, cases::kVip, 8443}, "drop_unresolved", ""},
                      {{kTcp, cases::kClient, cases::kVip, 8080}, "drop_source_range", ""},
                      {{kTcp, cases::kClient, cases::kVip, 3306}, "drop_no_route", ""},
                      {{kTcp, cases::kUnroutable, cases::kVip, 80}, "drop_no_route", ""},
                      {{kTcp, cases::kClient, cases::kSnatOnly, 80}, "reply_reset", "drop_stray"},
                      {{kTcp, cases::kClient, cases::kSnat, 80}, "to_kernel", ""},
                      {{kTcp, cases::kClient, cases::kWanAddress, 22}, "to_kernel", ""},
                      {{kTcp, cases::kClient6, cases::kVip6, 80}, "to_node", ""},
                      {{kTcp, cases::kClient6, cases::kVip6, 81}, "reply_reset", "drop_no_service"},
                      {{kUdp, cases::kClient6, cases::kVip6, 81}, "reply_unreachable", "drop_no_service"},
                      {{kTcp, cases::kClient6, cases::kSnat6, 80}, "reply_reset", "drop_stray"},
                      {{kTcp, cases::kClient6, cases::kWanAddress6, 22}, "to_kernel", ""},
                      {{kSctp, cases::kClient, cases::kVip, 2905}, "to_node", ""},
                      {{kSctp, cases::kClient6, cases::kVip6, 2905}, "to_node", ""},
                      {{kSctp, cases::kClient, cases::kVip, 80}, "reply_abort", "drop_no_service"},
                      {{kSctp, cases::kClient, cases::kVip, 3868}, "reply_abort", "drop_no_backend"},
                      {{kSctp, cases::kClient6, cases::kSnat6, 2905}, "reply_abort", "drop_stray"}};
  const auto snapshot = cases::make_snapshot(1);
  for (const Row& row : rows) {
    const auto told = explained(*snapshot, row.asked);
    const std::string question = row.asked.vip.to_string() + " port " + std::to_string(row.asked.port);
    EXPECT_EQ(name(told.verdict), row.verdict) << question;
    EXPECT_EQ(told.instead_of ? name(*told.instead_of) : "", row.instead_of) << question;
    EXPECT_EQ(name(seen(*snapshot, row.asked)), row.verdict) << question;
  }
}

TEST(ExplainFlow, SaysHowAClientIsRefused) {
  const auto snapshot = cases::make_snapshot(1);
  const auto reset = explained(*snapshot, {IpProtocol::kTcp, cases::kClient6, cases::kVip6, 81});
  ASSERT_EQ(reset.steps.size(), 2U);
  EXPECT_EQ(reset.steps[0].sentence, "2001:db8:64::1 is a VIP, but no Service has tcp [2001:db8:64::1]:81");
  EXPECT_EQ(reset.steps[1].step, "refuse");
  EXPECT_EQ(reset.steps[1].sentence,
            "the client gets a TCP reset, or nothing while there are more than 1000 of these a second on a worker");
  EXPECT_THAT(last_sentence(explained(*snapshot, {IpProtocol::kUdp, cases::kClient, cases::kVip, 81})),
              testing::StartsWith("the client gets ICMP port unreachable, "));
  EXPECT_THAT(last_sentence(explained(*snapshot, {IpProtocol::kSctp, cases::kClient, cases::kVip, 81})),
              testing::StartsWith("the client gets an SCTP ABORT, "));
}

TEST(ExplainFlow, NamesTheAddressesThatTheFlowMayComeFrom) {
  auto snapshot = cases::make_snapshot(1);
  const auto told4 = explained(*snapshot, {IpProtocol::kTcp, cases::kClient, cases::kVip, 80});
  EXPECT_EQ(last_sentence(told4),
            "source: one of 10.20.0.2, 10.20.0.250, with a port that is chosen when the flow opens");
  EXPECT_THAT(told4.snat, testing::ElementsAre(cases::kSnat, cases::kSnatOnly));
  const Asked asked6{IpProtocol::kTcp, cases::kClient6, cases::kVip6, 80};
  EXPECT_EQ(last_sentence(explained(*snapshot, asked6)),
            "source: fd00:20::250, with a port that is chosen when the flow opens");
  snapshot->v6.snat_addresses.clear();
  const auto without = explained(*snapshot, asked6);
  EXPECT_EQ(name(without.verdict), "drop_snat_exhausted");
  EXPECT_EQ(last_sentence(without), "there is no SNAT address of IPv6");
}

// By each delivery: what is told, and what becomes of the packet.
TEST(ExplainFlow, KnowsHowThePacketGetsToTheNode) {
  const Asked from_afar{IpProtocol::kTcp, cases::kClient, cases::kVip, 80};
  const Asked from_node2{IpProtocol::kTcp, cases::kNode2, cases::kVip, 80};
  struct Row {
    Asked asked;
    cases::Change change;
    std::string_view verdict;
    std::string_view sentence;
  };
  const Row rows[] = {
      {from_afar, {.delivery = lb::Delivery::kDnat}, "to_node", "source: the client's own (delivery dnat)"},
      {from_node2,
       {.delivery = lb::Delivery::kDnat},
       "to_node",
       "source: one of 10.20.0.2, 10.20.0.250, with a port that is chosen when the flow opens"},
      {from_afar,
       {.delivery = lb::Delivery::kDsr},
       "to_node",
       "source and destination stay as they are (delivery dsr)"},
      {from_afar,
       {.delivery = lb::Delivery::kDsr, .backend1_is_neighbour = false},
       "drop_not_neighbour",
       "way to the client: to 02:00:00:00:01:01 by port wan"}};
  for (const Row& row : rows) {
    const auto snapshot = cases::make_snapshot(1, row.change);
    const auto told = explained(*snapshot, row.asked);
    EXPECT_EQ(name(told.verdict), row.verdict) << row.sentence;
    EXPECT_EQ(last_sentence(told), row.sentence);
    EXPECT_EQ(name(seen(*snapshot, row.asked)), row.verdict) << row.sentence;
  }
}

}  // namespace
}  // namespace sluice::control
