#include "control/snapshot_builder.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/control/snapshot_world.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;
using World = SnapshotWorld;

TEST(SnapshotBuilder, BuildsWhatAServiceNeeds) {
  World world;
  world.plan.services = {served("web", kVip, {11})};
  const auto built = world.build();
  const auto& port = port_of(*built.snapshot, kVip);
  EXPECT_EQ(port.vip, kVip);
  EXPECT_EQ(port.port, net::Be16{80});
  EXPECT_EQ(port.node_port, net::Be16{30080});
  EXPECT_EQ(port.protocol, net::IpProtocol::kTcp);
  EXPECT_EQ(port.affinity_seconds, 0U);
  EXPECT_EQ(port.source_ranges, nullptr);
  const auto& backend = built.snapshot->v4.backends.at(port.table->select(0));
  EXPECT_EQ(backend.address, ip("10.20.0.11"));
  EXPECT_EQ(backend.state, lb::BackendState::kActive);
  EXPECT_EQ(built.snapshot->next_hops.at(backend.next_hop).destination, kNodeMac);
  ASSERT_EQ(built.wanted_neighbours.size(), 1U);
  EXPECT_EQ(built.wanted_neighbours[0], (netlink::NeighbourKey{kLanLink, ip("10.20.0.11")}));
}

TEST(SnapshotBuilder, SaysWhatFrameFitsTheNarrowestPort) {
  EXPECT_EQ(World{}.build().snapshot->fits_everywhere, 1400 + sizeof(net::EthernetHeader));
}

TEST(SnapshotBuilder, BuildsAnEmptySnapshotOfAnEmptyPlan) {
  const auto built = World{}.build();
  EXPECT_FALSE(built.snapshot->v4.services.has_vip(kVip));
  EXPECT_TRUE(built.wanted_neighbours.empty());
}

TEST(SnapshotBuilder, ProgramsOnlyWhatIsServed) {
  for (const auto stage :
       {PlannedService::Stage::kPending, PlannedService::Stage::kReserved, PlannedService::Stage::kReleasing}) {
    World world;
    world.plan.services = {served("web", kVip, {11})};
    world.plan.services[0].stage = stage;
    if (stage != PlannedService::Stage::kReserved) world.plan.services[0].vips.clear();
    EXPECT_FALSE(world.build().snapshot->v4.services.has_vip(kVip));
  }
}

TEST(SnapshotBuilder, LeavesOutPortsThatAreNotServed) {
  World world;
  world.plan.services = {served("web", kVip, {11})};
  world.plan.services[0].ports.push_back(
      {.protocol = kube::Protocol::kUdp, .port = 9000, .error = "sluice.dev/NoNodePort"});
  const auto built = world.build();
  EXPECT_NE(id_of(*built.snapshot, kVip), lb::kNoService);
  EXPECT_EQ(built.snapshot->v4.services.find(kVip, net::Be16{9000}, net::IpProtocol::kUdp), lb::kNoService);
}

// An address without a port that packets could ask for would be announced, and answer nothing.
TEST(SnapshotBuilder, ServesAServiceOfSctpAlone) {
  World world;
  world.plan.services = {served("signalling", kVip, {11})};
  world.plan.services[0].ports[0].protocol = kube::Protocol::kSctp;
  const auto built = world.build();
  EXPECT_TRUE(built.snapshot->v4.services.has_vip(kVip));
  const auto port = net::Be16{static_cast<std::uint16_t>(world.plan.services[0].ports[0].port)};
  EXPECT_NE(built.snapshot->v4.services.find(kVip, port, net::IpProtocol::kSctp), lb::kNoService);
}

// From dsr to full-nat, without a node port.
TEST(SnapshotBuilder, LetsFlowsOfAPortGoOnThatIsServedNoMore) {
  World world;
  world.plan.services = {served("web", kVip, {11})};
  const auto id = id_of(*world.build().snapshot, kVip);
  world.plan.services[0].ports[0].error = "sluice.dev/NoNodePort";
  world.plan.services[0].ports[0].backends.clear();
  const auto built = world.build();
  EXPECT_EQ(id_of(*built.snapshot, kVip), lb::kNoService);
  ASSERT_NE(built.snapshot->v4.service_ports.at(id).table, nullptr);
  EXPECT_TRUE(built.snapshot->v4.service_ports.at(id).table->empty());
}

TEST(SnapshotBuilder, GivesAServiceWithoutNodesAnEmptyTable) {
  World world;
  world.plan.services = {served("web", kVip, {})};
  const auto built = world.build();
  ASSERT_NE(port_of(*built.snapshot, kVip).table, nullptr);
  EXPECT_TRUE(port_of(*built.snapshot, kVip).table->empty());
}

TEST(SnapshotBuilder, WeighsBackends) {
  World world;
  world.plan.services = {served("web", kVip, {11, 12})};
  world.plan.services[0].ports[0].backends[1].weight = 3;
  const auto built = world.build();
  const auto heavy = id_of_backend(*built.snapshot, ip("10.20.0.12"));
  for (const auto& share : port_of(*built.snapshot, kVip).table->shares()) {
    EXPECT_EQ(share.weight, share.id == heavy ? 3U : 1U);
  }
}

TEST(SnapshotBuilder, RestrictsClientsBySourceRanges) {
  World world;
  world.plan.services = {served("web", kVip, {11}), served("closed", ip("203.0.113.65"), {11})};
  world.plan.services[0].has_source_ranges = true;
  world.plan.services[0].source_ranges = {prefix("192.0.2.0/24")};
  world.plan.services[1].has_source_ranges = true;
  const auto built = world.build();
  const auto& ranges = port_of(*built.snapshot, kVip).source_ranges;
  ASSERT_NE(ranges, nullptr);
  EXPECT_NE(ranges->find(ip("192.0.2.7")), dataplane::kNoRoute);
  EXPECT_EQ(ranges->find(ip("192.0.3.7")), dataplane::kNoRoute);
  const auto& closed = port_of(*built.snapshot, ip("203.0.113.65")).source_ranges;
  ASSERT_NE(closed, nullptr);
  EXPECT_EQ(closed->find(ip("192.0.2.7")), dataplane::kNoRoute);
}

TEST(SnapshotBuilder, LeavesOutANodeThatIsSilentForTooLong) {
  World world;
  world.plan.services = {served("web", kVip, {11, 12})};  // Nobody knows where 12 is.
  const auto first = world.build();
  ASSERT_TRUE(first.next_deadline.has_value());
  const auto silent = id_of_backend(*first.snapshot, ip("10.20.0.12"));
  EXPECT_EQ(first.snapshot->v4.backends[silent].state, lb::BackendState::kActive);
  EXPECT_TRUE(port_of(*first.snapshot, kVip).table->contains(silent));
  EXPECT_TRUE(world.lost().empty());
  const auto later = world.build(10s);
  EXPECT_EQ(later.snapshot->v4.backends[silent].state, lb::BackendState::kDown);
  EXPECT_FALSE(port_of(*later.snapshot, kVip).table->contains(silent));
  EXPECT_EQ(later.next_deadline, std::nullopt);
  ASSERT_EQ(world.lost().size(), 1U);
  EXPECT_EQ(world.lost()[0].address, ip("10.20.0.12"));
  world.neighbours[0].key.address = ip("10.20.0.12");
  EXPECT_EQ(world.build().snapshot->v4.backends[silent].state, lb::BackendState::kActive);
}

TEST(SnapshotBuilder, LosesNobodyOnAWireWhereNobodyAnswers) {
  World world;
  world.plan.services = {served("web", kVip, {11, 12})};
  world.neighbours.clear();
  world.build();
  EXPECT_EQ(world.build(60s).next_deadline, std::nullopt);
  EXPECT_TRUE(world.lost().empty());
  world.neighbours = {
      {.key = {kLanLink, ip("10.20.0.11")}, .mac = kNodeMac, .state = netlink::NeighbourState::kReachable}};
  world.build();
  EXPECT_TRUE(world.lost().empty()) << "silence counts from when somebody answers";
  world.build(10s);
  EXPECT_EQ(world.lost().size(), 1U);
}

TEST(SnapshotBuilder, SaysWhichNodesMayKeepNoFlowOfAPort) {
  World world;
  world.plan.services = {served("web", kVip, {11, 12})};
  const auto left = id_of_backend(*world.build().snapshot, ip("10.20.0.12"));
  world.plan.services = {served("web", kVip, {11})};
  world.build();
  EXPECT_TRUE(port_of(*world.build(59s).snapshot, kVip).drained.empty());
  EXPECT_EQ(port_of(*world.build(1s).snapshot, kVip).drained, std::vector{left});
}

TEST(SnapshotBuilder, GivesEverySnapshotAnotherEpoch) {
  World world;
  const auto first = world.build();
  const auto second = world.build();
  EXPECT_NE(first.snapshot->epoch, 0U);
  EXPECT_NE(first.snapshot->epoch, second.snapshot->epoch);
}

TEST(SnapshotBuilder, KeepsIdsFromSnapshotToSnapshot) {
  World world;
  world.plan.services = {served("web", kVip, {12})};
  const auto first = world.build();
  world.plan.services = {served("aaa", ip("203.0.113.65"), {11}), served("web", kVip, {11, 12})};
  const auto second = world.build();
  EXPECT_EQ(id_of(*first.snapshot, kVip), id_of(*second.snapshot, kVip));
  EXPECT_NE(id_of(*second.snapshot, ip("203.0.113.65")), id_of(*second.snapshot, kVip));
  EXPECT_EQ(id_of_backend(*first.snapshot, ip("10.20.0.12")), id_of_backend(*second.snapshot, ip("10.20.0.12")));
}

TEST(SnapshotBuilder, KeepsTheIdWhenTheNodePortChanges) {
  World world;
  world.plan.services = {served("web", kVip, {11})};
  const auto first = world.build();
  world.plan.services[0].ports[0].node_port = 31111;
  const auto second = world.build();
  EXPECT_EQ(id_of(*first.snapshot, kVip), id_of(*second.snapshot, kVip));
  EXPECT_EQ(port_of(*second.snapshot, kVip).node_port, net::Be16{31111});
}

TEST(SnapshotBuilder, DoesNotUseADeletedServicesIdBeforeItsFlowsAreGone) {
  World world;
  world.plan.services = {served("web", kVip, {11})};
  const auto id = id_of(*world.build().snapshot, kVip);
  world.plan.services = {served("next", kVip, {11})};  // The address went on at once; flows of the old one must end.
  const auto soon = world.build(1min);
  EXPECT_NE(id_of(*soon.snapshot, kVip), id);
  EXPECT_EQ(soon.snapshot->v4.service_ports.at(id).table, nullptr);
  world.plan.services.push_back(served("late", ip("203.0.113.65"), {11}));
  EXPECT_EQ(id_of(*world.build(4h).snapshot, ip("203.0.113.65")), id);
}

TEST(SnapshotBuilder, TakesAServiceMadeAnewForAnother) {
  World world;
  world.plan.services = {served("web", kVip, {11})};
  const auto before = id_of(*world.build().snapshot, kVip);
  world.plan.services[0].meta.uid = "another-uid";
  EXPECT_NE(id_of(*world.build().snapshot, kVip), before);
}

TEST(SnapshotBuilder, LetsANodeThatLeftTheServiceServeItsFlows) {
  World world;
  world.plan.services = {served("web", kVip, {11, 12})};
  const auto id = id_of_backend(*world.build().snapshot, ip("10.20.0.11"));
  world.plan.services = {served("web", kVip, {12})};
  const auto built = world.build();
  EXPECT_FALSE(port_of(*built.snapshot, kVip).table->contains(id));
  const auto& retired = built.snapshot->v4.backends.at(id);
  EXPECT_EQ(retired.address, ip("10.20.0.11"));
  EXPECT_NE(retired.state, lb::BackendState::kDown);
  EXPECT_NE(retired.next_hop, dataplane::kNoRoute);
  EXPECT_EQ(built.wanted_neighbours.size(), 2U);  // Its MAC address must stay known.
}

TEST(SnapshotBuilder, TellsNodesOfTheSameAddressInTwoClustersApart) {
  World world;
  world.plan.services = {served("web", kVip, {11}), served("web", ip("203.0.113.65"), {11})};
  world.plan.services[1].cluster = "west";
  const auto built = world.build();
  const auto east = port_of(*built.snapshot, kVip).table->select(0);
  const auto west = port_of(*built.snapshot, ip("203.0.113.65")).table->select(0);
  EXPECT_NE(east, west);
  EXPECT_EQ(built.snapshot->v4.backends.at(east).next_hop, built.snapshot->v4.backends.at(west).next_hop);
  EXPECT_EQ(built.wanted_neighbours.size(), 1U);
}

TEST(SnapshotBuilder, SharesTablesOfTheSameBackends) {
  World world;
  world.plan.services = {served("web", kVip, {11, 12}), served("shop", ip("203.0.113.65"), {12, 11}),
                         served("other", ip("203.0.113.66"), {11})};
  const auto first = world.build();
  const auto table = port_of(*first.snapshot, kVip).table;
  EXPECT_EQ(table, port_of(*first.snapshot, ip("203.0.113.65")).table);
  EXPECT_NE(table, port_of(*first.snapshot, ip("203.0.113.66")).table);
  EXPECT_EQ(table, port_of(*world.build().snapshot, kVip).table);  // Not built again either.
}

TEST(SnapshotBuilder, AnswersForSnatAddressesThatTheKernelDoesNotHave) {
  World world;
  world.snat_addresses = {ip("10.20.0.251"), ip("10.20.0.2"), ip("10.20.0.250")};
  world.kernel_addresses = {ip("10.20.0.2"), ip("203.0.113.2")};
  const auto built = world.build();
  EXPECT_EQ(built.snapshot->v4.snat_addresses, (std::vector{ip("10.20.0.251"), ip("10.20.0.2"), ip("10.20.0.250")}));
  EXPECT_EQ(built.snapshot->v4.answered_addresses, (std::vector{ip("10.20.0.250"), ip("10.20.0.251")}));
}

// Nothing may have changed for hours before a node goes: its connections are as young as the last packet.
TEST(SnapshotBuilder, KeepsANodeThatLeavesAfterALongQuietTime) {
  World world;
  world.plan.services = {served("web", kVip, {11, 12})};
  const auto before = world.build();
  world.plan.services = {served("web", kVip, {12})};
  const auto after = world.build(3 * kQuarantine);
  const auto& backends = after.snapshot->v4.backends;
  const auto left = std::ranges::find(backends, ip("10.20.0.11"), &dataplane::Backend<net::Ipv4>::address);
  ASSERT_NE(left, backends.end());
  EXPECT_EQ(left->state, lb::BackendState::kActive);
  EXPECT_EQ(world.build(2 * kQuarantine).snapshot->v4.backends.at(1).state, lb::BackendState::kDown);
}

TEST(SnapshotBuilder, ServesBothFamiliesOfAServiceByTheNodesOfEach) {
  World world;
  const auto vip6 = *net::Ipv6Address::parse("2001:db8::64"), node6 = *net::Ipv6Address::parse("fd00:20::11");
  auto both = served("both", kVip, {11});
  both.vips.push_back({.address = vip6, .pool = "public", .reason = "first free"});
  both.nodes.push_back(
      {.node = "node-11", .family = IpFamily::kIpv6, .address = node6, .state = PlannedNode::State::kIn, .weight = 1});
  both.ports[0].backends.push_back({.node = "node-11", .address = node6});
  both.has_source_ranges = true;
  both.source_ranges = {*net::IpPrefix::parse("2001:db8:c::/48")};
  world.plan.services = {both};
  world.snat_addresses = {*net::Ipv6Address::parse("fd00:20::250")};
  const auto built = world.build();
  const auto& v6 = built.snapshot->v6;
  const auto id = v6.services.find(vip6, net::Be16{80}, net::IpProtocol::kTcp);
  EXPECT_EQ(id, id_of(*built.snapshot, kVip));  // One id for both.
  const auto& port = v6.service_ports.at(id);
  EXPECT_EQ(v6.backends.at(port.table->select(1)).address, node6);
  EXPECT_NE(port.source_ranges->find(*net::Ipv6Address::parse("2001:db8:c::1")), dataplane::kNoRoute);
  const auto& v4_port = built.snapshot->v4.service_ports.at(id);
  EXPECT_EQ(v4_port.source_ranges->find(ip("198.51.100.10")), dataplane::kNoRoute);  // Closed: no range is IPv4's.
  EXPECT_NE(v4_port.table->select(1), port.table->select(1));
  EXPECT_EQ(v6.answered_addresses.size(), 1U);
  EXPECT_TRUE(built.snapshot->v4.snat_addresses.empty());
}

TEST(SnapshotBuilder, TellsProtocolsOfOnePortApart) {
  World world;
  auto dns = served("dns", kVip, {11});
  dns.ports[0].port = 53;
  dns.ports.push_back(dns.ports[0]);
  dns.ports[1].protocol = kube::Protocol::kUdp;
  dns.affinity_seconds = 600;
  world.plan.services = {dns};
  const auto built = world.build();
  const auto udp = built.snapshot->v4.services.find(kVip, net::Be16{53}, net::IpProtocol::kUdp);
  EXPECT_NE(udp, id_of(*built.snapshot, kVip, 53));
  EXPECT_EQ(built.snapshot->v4.service_ports.at(udp).protocol, net::IpProtocol::kUdp);
  EXPECT_EQ(built.snapshot->v4.service_ports.at(udp).affinity_seconds, 600U);
}

}  // namespace
}  // namespace sluice::control
