#include "dataplane/open_flow.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "dataplane/pipeline.h"
#include "tests/cases/case.h"

namespace sluice::dataplane {
namespace {

constexpr std::uint32_t kSeconds = 600;
constexpr std::uint32_t kHttp = 0;

nat::Tick at(unsigned seconds) { return nat::to_ticks(std::chrono::seconds{seconds}); }

std::shared_ptr<const lb::MaglevTable> table_of(std::initializer_list<lb::BackendId> ids) {
  std::vector<lb::MaglevMember> members;
  for (const auto id : ids) members.push_back({.id = id, .identity = id * 1000U, .weight = 1});
  return lb::MaglevTable::build(members, 997);
}

// Two workers, and a service that holds clients to their node.
class ClientIpAffinity : public testing::Test {
 protected:
  ClientIpAffinity() {
    for (unsigned worker = 0; worker < 2; ++worker) {
      pipelines_.push_back(std::make_unique<Pipeline>(PipelineOptions{.worker = worker,
                                                                      .workers = 2,
                                                                      .flows_max = 4096,
                                                                      .seed = 1,
                                                                      .snat_addresses = {cases::kSnat},
                                                                      .affinities = affinities_}));
    }
    serve({cases::kBackend1});
  }

  void serve(std::initializer_list<lb::BackendId> nodes, std::uint32_t seconds = kSeconds) {
    snapshot_ = cases::make_snapshot(++epoch_);
    auto& service = snapshot_->v4.service_ports[kHttp];
    service.table = table_of(nodes);
    service.affinity_seconds = seconds;
  }

  // The node that a new connection of this client gets, at whatever worker owns it.
  lb::BackendId node_of(std::uint8_t client, nat::Tick now) {
    auto frame = cases::from_client(80, net::kTcpSyn);
    frame.source = net::Ipv4Address{net::Be32{0xc6336400U + client}};
    frame.source_port = ++port_;
    for (auto& pipeline : pipelines_) {
      auto bytes = cases::bytes_of(frame);
      Burst burst;
      burst.add(bytes.data(), static_cast<std::uint16_t>(bytes.size()), cases::kWan, nullptr);
      pipeline->process(*snapshot_, now, burst);
      if (burst[0].verdict == Verdict::kToNode) return burst[0].flow4->backend;
      EXPECT_EQ(name(burst[0].verdict), "to_worker");
    }
    return lb::kNoBackend;
  }

  unsigned clients_at(lb::BackendId node, nat::Tick now) {
    unsigned clients = 0;
    for (std::uint8_t client = 1; client <= 100; ++client) clients += node_of(client, now) == node ? 1 : 0;
    return clients;
  }

  std::shared_ptr<AffinityTable> affinities_ = std::make_shared<AffinityTable>(1024, 9);
  std::vector<std::unique_ptr<Pipeline>> pipelines_;
  std::unique_ptr<Snapshot> snapshot_;
  std::uint32_t epoch_ = 0;
  std::uint16_t port_ = 1000;
};

TEST_F(ClientIpAffinity, KeepsClientsWhereTheyAreWhenANodeComes) {
  ASSERT_EQ(clients_at(cases::kBackend1, at(0)), 100U);
  serve({cases::kBackend1, cases::kBackend2});
  for (int again = 0; again < 3; ++again) EXPECT_EQ(clients_at(cases::kBackend1, at(590)), 100U);
}

TEST_F(ClientIpAffinity, ForgetsThemAfterItsTimeout) {
  ASSERT_EQ(clients_at(cases::kBackend1, at(0)), 100U);
  serve({cases::kBackend1, cases::kBackend2});
  const unsigned moved = clients_at(cases::kBackend2, at(610));
  EXPECT_GT(moved, 25U);
  EXPECT_LT(moved, 75U);
}

TEST_F(ClientIpAffinity, MovesAClientWhoseNodeIsGoneAndKeepsItThere) {
  serve({cases::kBackend1, cases::kBackend2});
  const unsigned before = clients_at(cases::kBackend2, at(0));
  EXPECT_GT(before, 25U);
  serve({cases::kBackend1});
  EXPECT_EQ(clients_at(cases::kBackend1, at(10)), 100U);
  serve({cases::kBackend1, cases::kBackend2});
  EXPECT_EQ(clients_at(cases::kBackend1, at(20)), 100U);
}

TEST_F(ClientIpAffinity, IsNotForServicesWithoutIt) {
  serve({cases::kBackend1}, 0);
  ASSERT_EQ(clients_at(cases::kBackend1, at(0)), 100U);
  serve({cases::kBackend1, cases::kBackend2}, 0);
  EXPECT_GT(clients_at(cases::kBackend2, at(1)), 25U);
}

// A client that never came has nothing to keep.
TEST_F(ClientIpAffinity, RemembersNobodyWhoWasRefused) {
  snapshot_->v4.backends[cases::kBackend1].next_hop = kNoRoute;
  auto frame = cases::bytes_of(cases::from_client(80, net::kTcpSyn));
  for (auto& pipeline : pipelines_) {
    Burst burst;
    burst.add(frame.data(), static_cast<std::uint16_t>(frame.size()), cases::kWan, nullptr);
    pipeline->process(*snapshot_, 0, burst);
  }
  EXPECT_EQ(remembered_node(snapshot_->v4.service_ports[kHttp], cases::kClient, affinities_.get(), at(1)),
            lb::kNoBackend);
}

// What was open goes on: a limit, or a range of sources, is for new ones.
TEST(OpenFlow, AsksNothingOfADatagramWhoseFlowMoves) {
  Pipeline pipeline{{.flows_max = 64,
                     .seed = 1,
                     .snat_addresses = {cases::kSnat},
                     .limits = std::make_shared<ConnectionLimits>(16, 64, 9)}};
  const auto datagrams = [&](const Snapshot& snapshot, std::uint16_t first) {
    std::vector<std::string> verdicts;
    for (std::uint16_t port = first; port < first + 5; ++port) {
      auto frame = cases::from_client(53, 0);
      frame.protocol = net::IpProtocol::kUdp;
      frame.source_port = port;
      auto bytes = cases::bytes_of(frame);
      Burst burst;
      burst.add(bytes.data(), static_cast<std::uint16_t>(bytes.size()), cases::kWan, nullptr);
      pipeline.process(snapshot, 100, burst);
      verdicts.emplace_back(name(burst[0].verdict));
    }
    return verdicts;
  };
  const std::vector<std::string> all_pass(5, "to_node"), all_limited(5, "drop_service_limit");
  EXPECT_EQ(datagrams(*cases::make_snapshot(1, {.limit = {.a_second = 5}}), 1000), all_pass);
  const auto moved = cases::make_snapshot(2, {.dns_backend = cases::kBackend2, .limit = {.a_second = 5}});
  EXPECT_EQ(datagrams(*moved, 2000), all_limited) << "new ones";
  EXPECT_EQ(datagrams(*moved, 1000), all_pass);
  const std::array elsewhere{Route4{*net::Ipv4Prefix::parse("192.0.2.0/24"), {0}}};
  auto closed = cases::make_snapshot(3, {.dns_backend = cases::kBackend1});
  for (auto& port : closed->v4.service_ports) port.source_ranges = std::make_shared<const RouteTable4>(elsewhere);
  EXPECT_EQ(datagrams(*closed, 1000), all_pass);
  EXPECT_EQ(datagrams(*closed, 3000), std::vector<std::string>(5, "drop_source_range"));
}

}  // namespace
}  // namespace sluice::dataplane
