#include "dataplane/pipeline.h"

#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "tests/cases/case.h"
#include "tests/packets/box.h"

namespace sluice::dataplane {
namespace {

using cases::Bytes;

// A burst with its own copies of the frames.
class OwnedBurst {
 public:
  explicit OwnedBurst(std::vector<Bytes> frames, std::uint16_t port = cases::kWan) : frames_{std::move(frames)} {
    for (auto& frame : frames_) burst.add(frame.data(), static_cast<std::uint16_t>(frame.size()), port, nullptr);
  }
  Burst burst;

 private:
  std::vector<Bytes> frames_;
};

Bytes syn_from_port(std::uint16_t source_port) {
  auto frame = cases::from_client(80, net::kTcpSyn);
  frame.source_port = source_port;
  return cases::bytes_of(frame);
}

PipelineOptions options() { return {.flows_max = 16, .seed = 1, .snat_addresses = {cases::kSnat}}; }

TEST(Pipeline, MakesOneFlowOfTwoFirstPacketsInOneBurst) {
  Pipeline pipeline{options()};
  const auto snapshot = cases::make_snapshot(1);
  OwnedBurst twice{{syn_from_port(1000), syn_from_port(1000)}};
  pipeline.process(*snapshot, 0, twice.burst);
  EXPECT_EQ(pipeline.v4().flows().size(), 1U);
  EXPECT_EQ(twice.burst[0].flow4, twice.burst[1].flow4);
  EXPECT_EQ(name(twice.burst[1].verdict), "to_node");
}

TEST(Pipeline, RefusesNewFlowsByNameWhenTheTableIsFull) {
  Pipeline pipeline{options()};
  const auto snapshot = cases::make_snapshot(1);
  for (std::uint16_t port = 1; port <= 17; ++port) {
    OwnedBurst one{{syn_from_port(port)}};
    pipeline.process(*snapshot, 0, one.burst);
    EXPECT_EQ(name(one.burst[0].verdict), port <= 16 ? "to_node" : "drop_flow_table_full");
  }
}

TEST(Pipeline, LetsAnOldHandshakeMakeRoomForANewOne) {
  Pipeline pipeline{options()};
  const auto snapshot = cases::make_snapshot(1);
  for (std::uint16_t port = 1; port <= 16; ++port) {
    OwnedBurst one{{syn_from_port(port)}};
    pipeline.process(*snapshot, 0, one.burst);
  }
  OwnedBurst late{{syn_from_port(99)}};
  pipeline.process(*snapshot, nat::to_ticks(std::chrono::seconds{3}), late.burst);
  EXPECT_EQ(name(late.burst[0].verdict), "to_node");
  EXPECT_EQ(pipeline.v4().flows().size(), 16U);
}

TEST(Pipeline, SaysWhenSnatPortsAreExhausted) {
  auto few = options();
  few.snat_ports = {40'000, 40'003};
  Pipeline pipeline{few};
  const auto snapshot = cases::make_snapshot(1);
  for (std::uint16_t port = 1; port <= 5; ++port) {
    OwnedBurst one{{syn_from_port(port)}};
    pipeline.process(*snapshot, 0, one.burst);
    EXPECT_EQ(name(one.burst[0].verdict), port <= 4 ? "to_node" : "drop_snat_exhausted");
  }
}

TEST(Pipeline, GivesThePortOfAnExpiredFlowBack) {
  auto one_port = options();
  one_port.snat_ports = {40'000, 40'000};
  Pipeline pipeline{one_port};
  const auto snapshot = cases::make_snapshot(1);
  OwnedBurst first{{syn_from_port(1)}};
  pipeline.process(*snapshot, 0, first.burst);
  const auto later = nat::to_ticks(std::chrono::seconds{10});
  pipeline.expire(*snapshot, later, 16);
  OwnedBurst second{{syn_from_port(2)}};
  pipeline.process(*snapshot, later, second.burst);
  EXPECT_EQ(name(second.burst[0].verdict), "to_node");
}

TEST(Pipeline, GivesThePortsOfADeletedServiceBackAtOnce) {
  Pipeline pipeline{options()};
  OwnedBurst opening{{syn_from_port(1)}};
  pipeline.process(*cases::make_snapshot(1), 0, opening.burst);
  auto same = cases::make_snapshot(2);
  pipeline.expire(*same, 0, 16);
  EXPECT_EQ(pipeline.v4().flows().size(), 1U) << "another snapshot alone ends nothing";
  auto without = cases::make_snapshot(3);
  for (auto& port : without->v4.service_ports) port = {};
  without->v4.services = {};
  pipeline.expire(*without, 0, 16);
  EXPECT_EQ(pipeline.v4().flows().size(), 0U);
  EXPECT_EQ(pipeline.v4().ports().usage(0).in_use, 0U);
}

TEST(Pipeline, OpensNoFlowForWhatEndsHere) {
  Pipeline pipeline{options()};
  const auto snapshot = cases::make_snapshot(1);
  auto syn = cases::from_client(80, net::kTcpSyn);
  syn.ttl = 1;
  OwnedBurst one{{cases::bytes_of(syn)}};
  pipeline.process(*snapshot, 0, one.burst);
  EXPECT_EQ(name(one.burst[0].verdict), "drop_ttl");
  EXPECT_EQ(pipeline.v4().flows().counters().inserts, 0U);
}

// New flows come in every turn of the worker, as many as a burst holds, and each lives its timeout: the clock hand must
// get round in time, or the table fills with what is long dead.
TEST(Pipeline, ForgetsAsFastAsShortFlowsCome) {
  auto roomy = options();
  roomy.flows_max = 4096;
  Pipeline pipeline{roomy};
  const auto snapshot = cases::make_snapshot(1);
  std::uint16_t port = 0;
  for (nat::Tick now = 0; now < 2000; now += 10) {  // 32 flows in 168 ms; a handshake is forgotten after 5 s.
    std::vector<Bytes> frames;
    frames.reserve(32);
    for (int i = 0; i < 32; ++i) frames.push_back(syn_from_port(++port));
    OwnedBurst burst{std::move(frames)};
    pipeline.process(*snapshot, now, burst.burst);
    pipeline.expire(*snapshot, now, 2 * burst.burst.size());
  }
  EXPECT_LT(pipeline.v4().flows().size(), 3000U);
}

TEST(Pipeline, CountsEveryPacketOnce) {
  Pipeline pipeline{options()};
  const auto snapshot = cases::make_snapshot(1);
  OwnedBurst burst{{syn_from_port(1), cases::bytes_of(cases::from_client(81, net::kTcpSyn)), Bytes(5)}};
  pipeline.process(*snapshot, 0, burst.burst);
  const auto& packets = pipeline.counters().packets;
  EXPECT_EQ(packets[index(Verdict::kToNode)].get(), 1U);
  EXPECT_EQ(packets[index(Verdict::kReplyReset)].get(), 1U);
  EXPECT_EQ(packets[index(Verdict::kDropTruncated)].get(), 1U);
}

// Clients and nodes on one wire: everything leaves by the port that it came in by.
TEST(Pipeline, WorksOnOneArm) {
  Pipeline pipeline{options()};
  const auto snapshot = cases::make_snapshot(1);
  for (auto& hop : snapshot->next_hops) {
    hop.port = cases::kWan;
    hop.source = cases::kWanMac;
  }
  OwnedBurst syn{{syn_from_port(1)}};
  pipeline.process(*snapshot, 0, syn.burst);
  ASSERT_EQ(name(syn.burst[0].verdict), "to_node");
  EXPECT_EQ(syn.burst[0].port, cases::kWan);
  EXPECT_EQ(syn.burst[0].ethernet().source, cases::kWanMac);
  auto answer = cases::from_node(30080, net::kTcpSyn | net::kTcpAck);
  answer.to = cases::kWanMac;
  answer.destination_port = syn.burst[0].flow4->snat_port.host();
  answer.destination = syn.burst[0].flow4->snat;
  OwnedBurst back{{cases::bytes_of(answer)}, cases::kWan};
  pipeline.process(*snapshot, 0, back.burst);
  EXPECT_EQ(name(back.burst[0].verdict), "to_client");
  EXPECT_EQ(back.burst[0].port, cases::kWan);
}

class PipelineDelivery : public testing::TestWithParam<lb::Delivery> {};

// Whatever worker receives a packet, both directions of a flow end at the same one.
TEST_P(PipelineDelivery, SendsBothDirectionsOfAFlowToItsOwner) {
  constexpr unsigned kWorkers = 4;
  const auto snapshot = cases::make_snapshot(1, {.delivery = GetParam()});
  std::vector<std::unique_ptr<Pipeline>> pipelines;
  pipelines.reserve(kWorkers);
  for (unsigned worker = 0; worker < kWorkers; ++worker) {
    auto of_worker = options();
    of_worker.worker = worker;
    of_worker.workers = kWorkers;
    of_worker.flows_max = 512;
    pipelines.push_back(std::make_unique<Pipeline>(of_worker));
  }
  std::map<unsigned, unsigned> flows_of;
  for (std::uint16_t port = 1; port <= 400; ++port) {
    for (unsigned worker = 0; worker < kWorkers; ++worker) {
      Pipeline& pipeline = *pipelines[worker];
      OwnedBurst syn{{syn_from_port(port)}};
      pipeline.process(*snapshot, 0, syn.burst);
      if (syn.burst[0].verdict == Verdict::kToWorker) {
        EXPECT_NE(pipeline.owner(*snapshot, syn.burst[0]), worker);
        continue;
      }
      ++flows_of[worker];
      const auto answer = syn.burst[0].flow4->to_client_key();
      auto reply = cases::from_node(answer.source_port.host(), net::kTcpSyn | net::kTcpAck);
      reply.source = answer.source;
      reply.destination = answer.destination;
      reply.destination_port = answer.destination_port.host();
      OwnedBurst back{{cases::bytes_of(reply)}, cases::kLan};
      pipeline.process(*snapshot, 0, back.burst);
      EXPECT_EQ(name(back.burst[0].verdict), "to_client");
    }
  }
  ASSERT_EQ(flows_of.size(), kWorkers);
  for (const auto& [worker, flows] : flows_of) EXPECT_GT(flows, 60U) << "worker " << worker;
}

// Also where a client says that it has an address of the pool: its flow must not give back what it never had.
TEST_P(PipelineDelivery, TakesSnatPortsOnlyToTranslateTheClient) {
  auto of_client = options();
  of_client.snat_addresses = {cases::kClient};
  Pipeline pipeline{of_client};
  const auto snapshot = cases::make_snapshot(1, {.delivery = GetParam()});
  for (std::uint16_t port = 40'001; port <= 40'016; ++port) {
    OwnedBurst one{{syn_from_port(port)}};
    pipeline.process(*snapshot, 0, one.burst);
    EXPECT_EQ(name(one.burst[0].verdict), "to_node");
  }
  const bool takes = !lb::keeps_client(GetParam());
  EXPECT_EQ(pipeline.v4().ports().usage(0).in_use > 0, takes);
  const nat::Tick much_later = nat::to_ticks(std::chrono::hours{3});
  for (int turn = 0; turn < 4; ++turn) pipeline.expire(*snapshot, much_later, 64);
  EXPECT_EQ(pipeline.v4().flows().size(), 0U);
  EXPECT_EQ(pipeline.v4().ports().usage(0).in_use, 0U);
}

INSTANTIATE_TEST_SUITE_P(All, PipelineDelivery, testing::ValuesIn(lb::kDeliveries), [](const auto& test) {
  std::string name{lb::to_string(test.param)};
  std::erase(name, '-');
  return name;
});

// The node resets the connection, and one burst holds a last answer of it and the client's next SYN from the same port,
// which opens a new flow in the old one's place.
TEST(Pipeline, TranslatesAPacketByItsOwnFlowWhenTheNextOneReplacesThat) {
  packets::Box box{{}};
  const Bytes syn = syn_from_port(40'000);
  const auto opened = box.send({.frame = syn, .port = cases::kWan});
  auto answer = packets::mirrored(opened.frame);
  const auto layout = packets::layout_of(answer).value();
  answer[layout.l4 + 13] = net::kTcpRst;
  packets::make_right(answer);
  box.send({.frame = answer, .port = cases::kLan});
  const auto departures = box.send({{.frame = answer, .port = cases::kLan}, {.frame = syn, .port = cases::kWan}});
  EXPECT_EQ(name(departures[0].verdict), "to_client");
  EXPECT_TRUE(packets::accepts(departures[0].frame));
  EXPECT_EQ(name(departures[1].verdict), "to_node");
  EXPECT_NE(departures[1].frame, opened.frame) << "the new connection has the old one's port";
}

}  // namespace
}  // namespace sluice::dataplane
