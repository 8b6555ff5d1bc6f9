#include "control/kube/service_writes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::control::kube {
namespace {

using Stage = Desired::Stage;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kNow = "2024-05-01T12:00:00Z";

Service load_balancer() {
  Service service;
  service.meta.name_space = "shop";
  service.meta.name = "web";
  service.meta.uid = "u1";
  service.meta.finalizers = {"other/one", std::string{kOwnFinalizer}, std::string{kStandardFinalizer}};
  service.type = ServiceType::kLoadBalancer;
  return service;
}

std::vector<LoadBalancerIngress> address(IpMode mode = IpMode::kProxy) {
  return {{.ip = "203.0.113.7", .ip_mode = mode, .ports = {{80, Protocol::kTcp, ""}}}};
}

Desired ours() { return {.stage = Stage::kOurs, .ingress = address()}; }

Condition provisioned(std::string status = "True") {
  return {.type = "sluice.dev/Provisioned", .status = std::move(status), .reason = "Ready", .message = "it is"};
}

TEST(PlanWrites, DoesNothingToAForeignService) {
  auto service = load_balancer();
  service.meta.finalizers.clear();
  service.status.ingress = address();
  EXPECT_THAT(plan_writes(service, {}, {}, kNow), IsEmpty());
}

TEST(PlanWrites, AddsBothFinalizersBeforeTheStatus) {
  auto service = load_balancer();
  service.meta.finalizers = {"other/one"};
  const auto writes = plan_writes(service, ours(), {}, kNow);
  ASSERT_EQ(writes.size(), 2U);
  EXPECT_EQ(writes[0].kind, Write::Kind::kAddFinalizers);
  EXPECT_EQ(writes[0].body, R"({"metadata":{"uid":"u1",)"
                            R"("finalizers":["sluice.dev/cleanup","service.kubernetes.io/load-balancer-cleanup"]}})");
  EXPECT_EQ(writes[1].kind, Write::Kind::kStatus);
}

TEST(PlanWrites, AddsTheOneFinalizerThatSomebodyTookAway) {
  auto service = load_balancer();
  service.meta.finalizers = {std::string{kOwnFinalizer}};
  service.status.ingress = address();
  EXPECT_THAT(plan_writes(service, ours(), {}, kNow),
              ElementsAre(Write{Write::Kind::kAddFinalizers,
                                R"({"metadata":{"uid":"u1",)"
                                R"("finalizers":["service.kubernetes.io/load-balancer-cleanup"]}})"}));
}

TEST(PlanWrites, PublishesTheAddressWhole) {
  EXPECT_THAT(plan_writes(load_balancer(), ours(), {}, kNow),
              ElementsAre(Write{Write::Kind::kStatus,
                                R"({"metadata":{"uid":"u1"},"status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.7",)"
                                R"("ipMode":"Proxy","ports":[{"port":80,"protocol":"TCP"}]}]}}})"}));
}

TEST(PlanWrites, LeavesThePublishedAddressWhileNothingIsSaidOfIt) {
  auto service = load_balancer();
  service.status.ingress = address();
  EXPECT_THAT(plan_writes(service, {.stage = Stage::kOurs}, {}, kNow), IsEmpty());
}

TEST(PlanWrites, TakesTheAddressBackWhenNoneIsToBePublished) {
  auto service = load_balancer();
  service.status.ingress = address();
  EXPECT_THAT(plan_writes(service, {.stage = Stage::kOurs, .ingress = std::vector<LoadBalancerIngress>{}}, {}, kNow),
              ElementsAre(Write{Write::Kind::kStatus,
                                R"({"metadata":{"uid":"u1"},"status":{"loadBalancer":{"ingress":null}}})"}));
}

TEST(PlanWrites, WritesNothingWhereNothingDiffersInMeaning) {
  auto service = load_balancer();
  service.status.ingress = address(IpMode::kVip);
  auto desired = ours();
  desired.ingress = address(IpMode::kUnset);  // Unset means VIP.
  EXPECT_THAT(plan_writes(service, desired, {}, kNow), IsEmpty());
  desired.ingress = address(IpMode::kProxy);
  EXPECT_EQ(plan_writes(service, desired, {}, kNow).size(), 1U);
}

TEST(PlanWrites, DoesNotRepeatAWriteOfWhichTheServerDroppedSomething) {
  auto service = load_balancer();
  service.status.ingress = {{.ip = "203.0.113.7"}};
  const Settled settled{ours(), service.status};
  EXPECT_THAT(plan_writes(service, ours(), settled, kNow), IsEmpty());
  auto other_wish = ours();
  other_wish.ingress->front().ip = "203.0.113.8";
  EXPECT_EQ(plan_writes(service, other_wish, settled, kNow).size(), 1U);
  service.status.ingress.clear();  // Somebody emptied it since.
  EXPECT_EQ(plan_writes(service, ours(), settled, kNow).size(), 1U);
}

TEST(PlanWrites, ChangesTheTimeOfAConditionOnlyWithItsStatus) {
  auto service = load_balancer();
  service.status.ingress = address();
  service.status.conditions = {provisioned()};
  service.status.conditions[0].last_transition_time = "2020-01-01T00:00:00Z";
  auto desired = ours();
  desired.conditions = {provisioned()};
  EXPECT_THAT(plan_writes(service, desired, {}, kNow), IsEmpty());
  desired.conditions[0].message = "still";
  EXPECT_THAT(plan_writes(service, desired, {}, kNow).at(0).body, testing::HasSubstr("2020-01-01T00:00:00Z"));
  desired.conditions[0].status = "False";
  EXPECT_EQ(plan_writes(service, desired, {}, kNow).at(0).body,
            R"({"metadata":{"uid":"u1"},"status":{"conditions":[{"type":"sluice.dev/Provisioned","status":"False",)"
            R"("reason":"Ready","message":"still","lastTransitionTime":"2024-05-01T12:00:00Z"}]}})");
}

TEST(PlanWrites, RemovesOurConditionsThatNoLongerHoldAndNoOthers) {
  auto service = load_balancer();
  service.status.ingress = address();
  service.status.conditions = {{.type = "sluice.dev/Degraded"}, {.type = "example.com/Other"}};
  EXPECT_THAT(plan_writes(service, ours(), {}, kNow),
              ElementsAre(Write{Write::Kind::kStatus, R"({"metadata":{"uid":"u1"},"status":{"conditions":)"
                                                      R"([{"$patch":"delete","type":"sluice.dev/Degraded"}]}})"}));
}

TEST(PlanWrites, GivesNothingToAServiceThatIsBeingDeleted) {
  auto service = load_balancer();
  service.meta.finalizers.clear();
  service.meta.deletion_timestamp = "2024-05-01T11:00:00Z";
  EXPECT_THAT(plan_writes(service, ours(), {}, kNow), IsEmpty());
}

TEST(PlanWrites, KeepsTheFinalizersUntilTheDataPathLetGo) {
  auto service = load_balancer();
  service.meta.deletion_timestamp = "2024-05-01T11:00:00Z";
  EXPECT_THAT(plan_writes(service, {.stage = Stage::kTearingDown}, {}, kNow), IsEmpty());
}

TEST(PlanWrites, ReleasesADeletedServiceInOnePatch) {
  auto service = load_balancer();
  service.meta.deletion_timestamp = "2024-05-01T11:00:00Z";
  service.status.ingress = address();
  service.status.conditions = {{.type = "sluice.dev/Provisioned"}};
  EXPECT_THAT(plan_writes(service, {.stage = Stage::kTornDown}, {}, kNow),
              ElementsAre(Write{Write::Kind::kRelease,
                                R"({"metadata":{"uid":"u1","$deleteFromPrimitiveList/finalizers":)"
                                R"(["sluice.dev/cleanup","service.kubernetes.io/load-balancer-cleanup"]},)"
                                R"("status":{"loadBalancer":{"ingress":null},)"
                                R"("conditions":[{"$patch":"delete","type":"sluice.dev/Provisioned"}]}})"}));
}

TEST(PlanWrites, ReleasesAServiceOfAnotherType) {
  const std::string metadata = R"({"metadata":{"uid":"u1","$deleteFromPrimitiveList/finalizers":)"
                               R"(["sluice.dev/cleanup","service.kubernetes.io/load-balancer-cleanup"]})";
  auto service = load_balancer();
  service.type = ServiceType::kClusterIp;
  EXPECT_THAT(plan_writes(service, {.stage = Stage::kTornDown}, {}, kNow),
              ElementsAre(Write{Write::Kind::kRelease, metadata + "}"}));
  service.status.ingress = address();  // Kubernetes 1.20 leaves it there.
  EXPECT_THAT(plan_writes(service, {.stage = Stage::kTornDown}, {}, kNow),
              ElementsAre(Write{Write::Kind::kRelease, metadata + R"(,"status":{"loadBalancer":{"ingress":null}}})"}));
}

TEST(PlanWrites, PublishesNothingOnAServiceOfAnotherType) {
  auto service = load_balancer();
  service.type = ServiceType::kNodePort;
  EXPECT_THAT(plan_writes(service, ours(), {}, kNow), IsEmpty());
}

TEST(PlanWrites, LeavesAServiceAloneThatDoesNotBearOurFinalizer) {
  auto service = load_balancer();
  service.meta.finalizers = {std::string{kStandardFinalizer}};
  service.status.ingress = address();
  EXPECT_THAT(plan_writes(service, {.stage = Stage::kTornDown}, {}, kNow), IsEmpty());
}

}  // namespace
}  // namespace sluice::control::kube
