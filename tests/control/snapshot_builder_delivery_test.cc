#include <gtest/gtest.h>

#include "tests/control/snapshot_world.h"

namespace sluice::control {
namespace {

using World = SnapshotWorld;

TEST(SnapshotBuilder, DeliversEachServiceItsOwnWay) {
  World world;
  world.plan.services = {served("web", kVip, {11}), served("direct", ip("203.0.113.65"), {12})};
  EXPECT_FALSE(world.build().snapshot->v4.keeps_clients);
  world.plan.services[1].delivery = lb::Delivery::kDsr;
  const auto built = world.build();
  EXPECT_EQ(port_of(*built.snapshot, kVip).delivery, lb::Delivery::kFullNat);
  EXPECT_EQ(port_of(*built.snapshot, ip("203.0.113.65")).delivery, lb::Delivery::kDsr);
  EXPECT_TRUE(built.snapshot->v4.keeps_clients);
  EXPECT_TRUE(built.snapshot->v4.backends[id_of_backend(*built.snapshot, ip("10.20.0.12"))].is_neighbour);
  world.plan.services.pop_back();
  EXPECT_TRUE(world.build().snapshot->v4.keeps_clients) << "flows of before go on";
}

net::FlowKey4 answer_of(const char* node, std::uint16_t node_port) {
  return {.source = ip(node),
          .destination = ip("198.51.100.9"),
          .source_port = net::Be16{node_port},
          .destination_port = net::Be16{40'000},
          .protocol = net::IpProtocol::kTcp};
}

TEST(SnapshotBuilder, KnowsForWhomANodeAnswersAClient) {
  World world;
  world.plan.services = {served("web", kVip, {11})};
  const auto node_port = world.plan.services[0].ports[0].node_port;
  const auto asked_in = [&](std::uint16_t port, const char* node = "10.20.0.11") {
    const auto built = world.build();
    const auto id = built.snapshot->v4.ways_back.service_of(answer_of(node, port));
    return id == lb::kNoService ? "" : built.snapshot->v4.service_ports[id].vip.to_string();
  };
  EXPECT_EQ(asked_in(node_port), "") << "the node does not know the client";
  world.plan.services[0].delivery = lb::Delivery::kDnat;
  EXPECT_EQ(asked_in(node_port), kVip.to_string());
  EXPECT_EQ(asked_in(node_port + 1), "");
  EXPECT_EQ(asked_in(node_port, "10.20.0.99"), "") << "no node of ours";
  world.plan.services[0].ports[0].node_port = static_cast<std::uint16_t>(node_port + 1);
  EXPECT_EQ(asked_in(node_port + 1), kVip.to_string());
  EXPECT_EQ(asked_in(node_port), kVip.to_string()) << "flows of before go on";
  world.plan.services[0].delivery = lb::Delivery::kFullNat;
  EXPECT_EQ(asked_in(node_port), kVip.to_string()) << "flows of before go on";
  world.plan.services.clear();
  EXPECT_EQ(asked_in(node_port), "");
}

TEST(SnapshotBuilder, TellsNodesOfTwoClustersWithOneNodePortApart) {
  World world;
  world.plan.services = {served("web", kVip, {11}), served("web", ip("203.0.113.65"), {12})};
  world.plan.services[1].cluster = "other";
  for (auto& service : world.plan.services) service.delivery = lb::Delivery::kDnat;
  const auto node_port = world.plan.services[0].ports[0].node_port;
  ASSERT_EQ(world.plan.services[1].ports[0].node_port, node_port);
  const auto built = world.build();
  const auto vip_of = [&](const char* node) {
    return built.snapshot->v4.service_ports.at(built.snapshot->v4.ways_back.service_of(answer_of(node, node_port))).vip;
  };
  EXPECT_EQ(vip_of("10.20.0.11"), kVip);
  EXPECT_EQ(vip_of("10.20.0.12"), ip("203.0.113.65"));
}

TEST(SnapshotBuilder, KnowsForWhomANodeOfTwoNamesAnswers) {
  World world;
  world.plan.services = {served("web", kVip, {11}), served("web", ip("203.0.113.65"), {11})};
  world.plan.services[1].cluster = "the same server by another name";
  world.plan.services[1].ports[0].node_port = 31'000;
  for (auto& service : world.plan.services) service.delivery = lb::Delivery::kDnat;
  const auto built = world.build();
  for (const auto& service : world.plan.services) {
    const auto id = built.snapshot->v4.ways_back.service_of(answer_of("10.20.0.11", service.ports[0].node_port));
    ASSERT_LT(id, built.snapshot->v4.service_ports.size());
    EXPECT_EQ(built.snapshot->v4.service_ports[id].vip, service.vips[0].address.v4());
  }
}

}  // namespace
}  // namespace sluice::control
