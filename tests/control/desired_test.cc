#include "control/desired.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/control/objects.h"

namespace sluice::control {
namespace {

PlannedService served() {
  PlannedService planned = with_ports_of(service("web"));
  planned.stage = PlannedService::Stage::kServed;
  planned.vips = {{.address = ip("203.0.113.64"), .pool = "public", .reason = "first free"}};
  return planned;
}

const kube::Condition* find(const kube::Desired& desired, std::string_view type) {
  const auto found = std::ranges::find(desired.conditions, type, &kube::Condition::type);
  return found == desired.conditions.end() ? nullptr : &*found;
}

TEST(Desired, PublishesTheAddressOfAServedService) {
  const auto wanted = desired(served());
  EXPECT_EQ(wanted.stage, kube::Desired::Stage::kOurs);
  ASSERT_TRUE(wanted.ingress.has_value());
  ASSERT_EQ(wanted.ingress->size(), 1U);
  const auto& entry = wanted.ingress->front();
  EXPECT_EQ(entry.ip, "203.0.113.64");
  EXPECT_EQ(entry.hostname, "");
  EXPECT_EQ(entry.ip_mode, kube::IpMode::kProxy);  // Packets reach nodes at their node ports (P11).
  EXPECT_EQ(entry.ports, (std::vector<kube::PortStatus>{{.port = 80}}));
  ASSERT_EQ(wanted.conditions.size(), 1U);
  EXPECT_EQ(wanted.conditions[0].type, "sluice.dev/Provisioned");
  EXPECT_EQ(wanted.conditions[0].status, "True");
  EXPECT_EQ(wanted.conditions[0].reason, "Provisioned");
  EXPECT_EQ(wanted.conditions[0].message, "203.0.113.64 from pool public");
}

TEST(Desired, IsTruthfulAboutHowPacketsReachTheNodes) {
  struct Row {
    lb::Delivery delivery;
    kube::IpMode mode;
    bool hides_client;
  };
  for (const Row& row :
       {Row{lb::Delivery::kFullNat, kube::IpMode::kProxy, true}, Row{lb::Delivery::kDnat, kube::IpMode::kProxy, false},
        Row{lb::Delivery::kDsr, kube::IpMode::kVip, false}}) {
    auto service = served();
    service.traffic_policy = kube::TrafficPolicy::kLocal;
    service.delivery = row.delivery;
    const auto wanted = desired(service);
    EXPECT_EQ(wanted.ingress->front().ip_mode, row.mode) << to_string(row.delivery);
    EXPECT_EQ(find(wanted, kDegraded) != nullptr, row.hides_client) << to_string(row.delivery);
  }
}

TEST(Desired, WantsNothingButFinalizersForAReservedAddress) {
  auto reserved = served();
  reserved.stage = PlannedService::Stage::kReserved;
  const auto wanted = desired(reserved);
  EXPECT_EQ(wanted.stage, kube::Desired::Stage::kOurs);
  EXPECT_FALSE(wanted.ingress.has_value());
  EXPECT_TRUE(wanted.conditions.empty());
}

TEST(Desired, SaysWhyThereIsNoAddressAndLeavesThePublishedOnesAlone) {
  PlannedService pending = with_ports_of(service("web"));
  pending.problem = "no IPv4 address is left in pool 'public'";
  const auto wanted = desired(pending);
  EXPECT_EQ(wanted.stage, kube::Desired::Stage::kOurs);
  EXPECT_FALSE(wanted.ingress.has_value());
  ASSERT_NE(find(wanted, kProvisioned), nullptr);
  EXPECT_EQ(find(wanted, kProvisioned)->status, "False");
  EXPECT_EQ(find(wanted, kProvisioned)->reason, "AllocationFailed");
  EXPECT_EQ(find(wanted, kProvisioned)->message, pending.problem);
}

TEST(Desired, TakesEverythingBackFromAServiceThatIsReleased) {
  PlannedService releasing{.cluster = "east", .meta = service("web").meta};
  releasing.stage = PlannedService::Stage::kReleasing;
  const auto wanted = desired(releasing);
  EXPECT_EQ(wanted.stage, kube::Desired::Stage::kTornDown);
  EXPECT_TRUE(wanted.conditions.empty());
}

TEST(Desired, SaysThatPolicyLocalLosesTheClientsAddress) {
  auto local = served();
  local.traffic_policy = kube::TrafficPolicy::kLocal;
  const auto wanted = desired(local);
  ASSERT_NE(find(wanted, kDegraded), nullptr);
  EXPECT_EQ(find(wanted, kDegraded)->status, "True");
  EXPECT_EQ(find(wanted, kDegraded)->reason, "ExternalTrafficPolicyNotSupported");
  EXPECT_EQ(find(wanted, kDegraded)->message, broken_promises(local));
  EXPECT_EQ(broken_promises(served()), "");
}

TEST(Desired, NamesEachPortThatIsNotServed) {
  auto mixed = served();
  mixed.ports.push_back({.name = "sctp", .protocol = kube::Protocol::kSctp, .port = 9000});
  mixed.ports.push_back({.name = "dns",
                         .protocol = kube::Protocol::kUdp,
                         .port = 53,
                         .error = "sluice.dev/NoNodePort",
                         .problem = "no node port is allocated"});
  mixed.ports.push_back({.port = 81, .error = "sluice.dev/NoNodePort", .problem = "no node port is allocated"});
  const auto wanted = desired(mixed);
  const std::vector<kube::PortStatus> ports{
      {.port = 80},
      {.port = 9000, .protocol = kube::Protocol::kSctp},
      {.port = 53, .protocol = kube::Protocol::kUdp, .error = "sluice.dev/NoNodePort"},
      {.port = 81, .error = "sluice.dev/NoNodePort"}};
  EXPECT_EQ(wanted.ingress->front().ports, ports);
  ASSERT_NE(find(wanted, kPortsError), nullptr);
  EXPECT_EQ(find(wanted, kPortsError)->message, "UDP 53: no node port is allocated; TCP 81: no node port is allocated");
}

}  // namespace
}  // namespace sluice::control
