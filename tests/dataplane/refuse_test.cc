#include "dataplane/refuse.h"

#include <gtest/gtest.h>

#include "dataplane/pipeline.h"
#include "tests/cases/sctp_frames.h"
#include "tests/packets/receiver.h"

namespace sluice::dataplane {
namespace {

using cases::Bytes;
using cases::Frame;

constexpr nat::Tick kSecond = nat::timeout_ticks(std::chrono::seconds{1});

TEST(RefusalLimit, LetsSoManyGoAtOnce) {
  RefusalLimit limit{3};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.take(5));
  EXPECT_FALSE(limit.take(5));
}

TEST(RefusalLimit, LetsSoManyGoASecond) {
  RefusalLimit limit{1000};
  int taken = 0;
  for (nat::Tick now = 0; now < 10 * kSecond; ++now) {
    for (int i = 0; i < 100; ++i) taken += limit.take(now) ? 1 : 0;
  }
  EXPECT_NEAR(taken, 11'000, 100);  // And the first second's.
}

TEST(RefusalLimit, SavesNoMoreThanOneSecondUp) {
  RefusalLimit limit{2};
  int taken = 0;
  for (int i = 0; i < 9; ++i) taken += limit.take(1'000'000) ? 1 : 0;
  EXPECT_EQ(taken, 2);
}

TEST(RefusalLimit, IsNotConfusedByTheWrapOfTicks) {
  RefusalLimit limit{1};
  EXPECT_TRUE(limit.take(0xffff'ffff));
  EXPECT_FALSE(limit.take(0));
  EXPECT_TRUE(limit.take(kSecond));
}

TEST(RefusalLimit, OfNoneLetsNoneGo) {
  RefusalLimit limit{0};
  EXPECT_FALSE(limit.take(kSecond));
}

// A pipeline, and one packet after the other through it.
class Refusals : public testing::Test {
 protected:
  struct Outcome {
    Verdict verdict;
    Bytes frame;
  };

  Outcome send(Pipeline& pipeline, const Frame& frame, std::uint16_t port, std::size_t room) const {
    Bytes bytes = cases::bytes_of(frame);
    const auto length = static_cast<std::uint16_t>(bytes.size());
    bytes.resize(std::max(room, bytes.size()));
    Burst burst;
    burst.add(bytes.data(), length, port, nullptr, static_cast<std::uint16_t>(room));
    pipeline.process(*snapshot_, 0, burst);
    bytes.resize(burst[0].length);
    return {burst[0].verdict, std::move(bytes)};
  }

  PipelineOptions options_{.flows_max = 16,
                           .seed = 1,
                           .snat_addresses = {cases::kSnat},
                           .snat6_addresses = {cases::kSnat6},
                           .refusals_a_second = 2};

 private:
  std::unique_ptr<Snapshot> snapshot_ = cases::make_snapshot(1);
};

TEST_F(Refusals, EndAsDropsWhenThereWereTooMany) {
  Pipeline pipeline{options_};
  const auto syn = cases::from_client(81, net::kTcpSyn);
  for (const char* end : {"reply_reset", "reply_reset", "drop_no_service"}) {
    EXPECT_EQ(name(send(pipeline, syn, cases::kWan, 0).verdict), end);
  }
}

TEST_F(Refusals, ShareTheirLimitAmongProtocols) {
  Pipeline pipeline{options_};
  auto init = cases::client_packet(net::kSctpInit);
  init.destination_port = 81;
  EXPECT_EQ(name(send(pipeline, cases::from_client(81, net::kTcpSyn), cases::kWan, 0).verdict), "reply_reset");
  EXPECT_EQ(name(send(pipeline, init, cases::kWan, 0).verdict), "reply_abort");
  EXPECT_EQ(name(send(pipeline, init, cases::kWan, 0).verdict), "drop_no_service");
}

TEST_F(Refusals, EndAsDropsWhereTheBufferIsTooShort) {
  Pipeline pipeline{options_};
  auto empty = cases::from_client(81, 0);
  empty.protocol = net::IpProtocol::kUdp;
  EXPECT_EQ(name(send(pipeline, empty, cases::kWan, 69).verdict), "drop_no_service");
  EXPECT_EQ(name(send(pipeline, empty, cases::kWan, 70).verdict), "reply_unreachable");
}

// The node hears of the packet that it sent, from the address that it sent it to.
TEST_F(Refusals, TellANodeThatItsPacketsTimeEnded) {
  struct Row {
    net::IpAddress client, vip, node;
    std::uint8_t type;
  };
  const Row rows[] = {{cases::kClient, cases::kVip, cases::kNode1, net::kIcmpTimeExceeded},
                      {cases::kClient6, cases::kVip6, cases::kNode1V6, net::kIcmpv6TimeExceeded}};
  Pipeline pipeline{options_};
  for (const Row& row : rows) {
    auto syn = cases::from_client(80, net::kTcpSyn);
    syn.source = row.client;
    syn.destination = row.vip;
    const auto there = send(pipeline, syn, cases::kWan, 0).frame;
    const auto layout = packets::layout_of(there).value();

    auto answer = cases::from_node(30080, net::kTcpSyn | net::kTcpAck);
    answer.source = row.node;
    answer.destination = row.vip.is_v4() ? net::IpAddress{cases::kSnat} : net::IpAddress{cases::kSnat6};
    answer.destination_port = packets::read16(there, layout.l4);
    answer.ttl = 1;
    const auto told = send(pipeline, answer, cases::kLan, 200);
    EXPECT_EQ(name(told.verdict), "reply_time_exceeded");
    const Bytes sent = cases::bytes_of(answer);
    const Frame expected{.to = cases::kNode1Mac,
                         .from = cases::kLanMac,
                         .source = answer.destination,
                         .destination = answer.source,
                         .fragment = net::kIpv4DontFragment,
                         .identification = 0};
    EXPECT_EQ(told.frame, cases::error_bytes(expected, row.type, 0, Bytes(sent.begin() + 14, sent.end())));
  }
}

}  // namespace
}  // namespace sluice::dataplane
