// Several clusters on one appliance: one that is away, one under a new name, one that is configured twice.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/reconcile.h"
#include "tests/control/objects.h"
#include "tests/control/reconcile_world.h"

namespace sluice::control {
namespace {

using Stage = PlannedService::Stage;
using World = ReconcileWorld;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

kube::Service with_uid(const std::string& name, const std::string& uid) {
  auto made = service(name);
  made.meta.uid = uid;
  return made;
}

// East and west, each with a Service, known to the ledger.
struct TwoClusters : World {
  TwoClusters() : west{add_cluster("west")} {
    east().put(with_uid("web", "uid-east"));
    west.put(with_uid("web", "uid-west"));
    reconcile();
  }
  // As after a restart of ours while its API server is away.
  void lose_west() {
    west.synced = false;
    west.remove_service("default/web");
  }
  kube::ClusterState& west;
};

TEST(Clusters, OneThatIsAwayKeepsItsAddressesAndHoldsUpNobody) {
  TwoClusters world;
  const std::string held = "203.0.113.65";
  ASSERT_EQ(world.holder_of(held), "west/default/web");
  world.lose_west();
  world.east().put(with_uid("api", "uid-api"));

  const Plan plan = world.reconcile();
  EXPECT_EQ(plan.find("east", "default/web")->stage, Stage::kServed);
  EXPECT_EQ(plan.find("east", "default/api")->vips_text(), "203.0.113.66");
  EXPECT_EQ(plan.find("west", "default/web"), nullptr);
  EXPECT_THAT(plan.warnings, ElementsAre(EndsWith("keep their addresses, but are not served")));
  EXPECT_EQ(world.holder_of(held), "west/default/web");

  world.west.synced = true;
  world.west.put(with_uid("web", "uid-west"));
  EXPECT_EQ(world.reconcile("default/web", "west").vips_text(), held);
  EXPECT_THAT(world.reconcile().warnings, IsEmpty());
}

TEST(Clusters, WhatVanishedWhileOneWasAwayIsReleasedWhenItIsBack) {
  TwoClusters world;
  world.lose_west();
  world.reconcile();
  world.west.synced = true;
  world.reconcile();
  EXPECT_EQ(world.holder_of("203.0.113.65"), "");
}

TEST(Clusters, OneThatWasNeverReadHoldsUpNewAddressesOnly) {
  World world;
  world.east().put(with_uid("web", "uid-web"));
  world.reconcile();
  auto& west = world.add_cluster("west");
  west.synced = false;
  world.east().put(with_uid("api", "uid-api"));
  auto imported = with_uid("old", "uid-old");
  imported.status.ingress = {{.ip = "203.0.113.99"}};
  world.east().put(imported);

  const Plan plan = world.reconcile();
  EXPECT_THAT(plan.warnings, ElementsAre(EndsWith("no Service of any cluster gets a new address before")));
  EXPECT_EQ(plan.find("east", "default/web")->stage, Stage::kServed);
  EXPECT_EQ(plan.find("east", "default/old")->vips_text(), "203.0.113.99");
  EXPECT_EQ(plan.find("east", "default/api")->stage, Stage::kPending);
  EXPECT_THAT(plan.find("east", "default/api")->problem, HasSubstr("cluster west was read for the first time"));

  west.synced = true;
  EXPECT_EQ(world.reconcile("default/api").stage, Stage::kServed);
  west.synced = false;  // As after a restart: it is known now.
  world.east().put(with_uid("new", "uid-new"));
  EXPECT_EQ(world.reconcile("default/new").stage, Stage::kServed);
}

TEST(Clusters, ARenamedOneKeepsItsAddresses) {
  World world;
  auto stuck = with_uid("web", "uid-web");
  stuck.status.ingress = {{.ip = "203.0.113.64"}};
  world.east().put(with_uid("api", "uid-api"));
  world.east().put(stuck);
  const auto before = world.reconcile("default/web").vips_text();
  const auto since = world.book().find_by_vip(*net::IpAddress::parse(before))->since;
  world.east_input().name = "orient";
  const auto after = world.reconcile("default/web", "orient");
  EXPECT_EQ(after.vips_text(), before);
  EXPECT_EQ(after.stage, Stage::kServed);
  EXPECT_EQ(world.holder_of(before), "orient/default/web");
  EXPECT_EQ(world.book().find_by_vip(*net::IpAddress::parse(before))->since, since);
  EXPECT_THAT(world.book().released(), IsEmpty());
}

TEST(Clusters, ARenamedOneIsServedThoughTheLedgerCannotBeWritten) {
  World world;
  world.east().put(with_uid("web", "uid-web"));
  world.reconcile();
  const auto durable = world.book();
  world.east_input().name = "orient";
  Plan plan = world.reconcile();
  keep_to(durable, "disk full", plan);
  EXPECT_EQ(plan.find("orient", "default/web")->stage, Stage::kServed);
}

TEST(Clusters, AForeignServiceOfTheSameNameGetsNothingOfARenamedOne) {
  World world;
  world.east().put(with_uid("web", "uid-web"));
  world.reconcile();
  world.east_input().name = "orient";
  world.east().put(with_uid("web", "uid-other"));
  EXPECT_EQ(world.reconcile("default/web", "orient").vips_text(), "203.0.113.65");
  EXPECT_EQ(world.holder_of("203.0.113.64"), "east/default/web");
}

TEST(Clusters, OneThatStandsThereTwiceServesEachServiceOnce) {
  TwoClusters world;
  world.west.put(with_uid("web", "uid-east"));
  const Plan plan = world.reconcile();
  EXPECT_EQ(plan.find("east", "default/web")->vips_text(), "203.0.113.64");
  EXPECT_EQ(plan.find("west", "default/web"), nullptr);
  EXPECT_THAT(plan.warnings, ElementsAre(HasSubstr("clusters east and west are the same one")));
  EXPECT_THAT(why_not_ours(world.inputs()[1], world.west.services.at("default/web")), HasSubstr("it is the other's"));
}

TEST(Clusters, TheOtherNameOfOneGoesOnWithItsServicesAtTheirAddresses) {
  TwoClusters world;
  world.west.put(with_uid("web", "uid-east"));
  world.reconcile();
  world.east().synced = false;  // The way by this name does not work after a restart.
  world.east().remove_service("default/web");
  const auto web = world.reconcile("default/web", "west");
  EXPECT_EQ(web.vips_text(), "203.0.113.64");
  EXPECT_EQ(web.stage, Stage::kServed);
  EXPECT_THAT(world.reconcile().warnings, ElementsAre(HasSubstr("east was not read yet")));
}

// The same cluster under two names with a class each: either leaves the other's Services alone.
TEST(Clusters, OneWithAClassForEachOfItsNamesIsNoMistake) {
  World world;
  auto& west = world.add_cluster("west");
  world.east_input().load_balancer_classes = {"sluice.dev/east"};
  auto easts = with_uid("web", "uid-web");
  easts.load_balancer_class = "sluice.dev/east";
  world.east().put(easts);
  west.put(easts);
  const Plan plan = world.reconcile();
  ASSERT_EQ(plan.services.size(), 1U) << "no release by west";
  EXPECT_EQ(plan.services[0].cluster, "east");
  EXPECT_THAT(plan.warnings, IsEmpty());

  world.east().synced = false;  // As after a restart.
  world.east().remove_service("default/web");
  EXPECT_THAT(world.reconcile().services, IsEmpty());
}

TEST(Clusters, OneThatIsAwayDoesNotHoldUpTheEndOfAnothersServices) {
  World world;
  world.add_cluster("west").synced = false;
  auto former = with_uid("web", "uid-web");
  former.type = kube::ServiceType::kClusterIp;
  world.east().put(former);
  EXPECT_EQ(world.reconcile("default/web").stage, Stage::kReleasing);
}

TEST(Clusters, ARenamedOneKeepsItsAddressesThoughItsNameWasAnothersOnce) {
  World world;
  world.east().put(with_uid("web", "uid-web"));
  world.reconcile();
  ASSERT_TRUE(world.book().hold({.service = {"west", "default", "web"},
                                 .uid = "uid-of-old-times",
                                 .vip = *net::IpAddress::parse("203.0.113.100"),
                                 .pool = "public",
                                 .since = 1}));
  world.east_input().name = "west";
  EXPECT_EQ(world.reconcile("default/web", "west").vips_text(), "203.0.113.64");
  EXPECT_EQ(world.holder_of("203.0.113.64"), "west/default/web");
  EXPECT_EQ(world.holder_of("203.0.113.100"), "");
}

TEST(Clusters, TwoThatChangeTheirNamesWithEachOtherKeepTheirAddresses) {
  TwoClusters world;
  std::swap(world.inputs()[0].name, world.inputs()[1].name);
  const Plan plan = world.reconcile();
  EXPECT_EQ(plan.find("west", "default/web")->vips_text(), "203.0.113.64");
  EXPECT_EQ(plan.find("east", "default/web")->vips_text(), "203.0.113.65");
}

TEST(Clusters, ANewcomerWithAnOldNameThatIsAwayTakesNothing) {
  World world;
  world.east().put(with_uid("web", "uid-web"));
  world.reconcile();
  world.east_input().name = "renamed";
  world.add_cluster("east").synced = false;
  const auto web = world.reconcile("default/web", "renamed");
  EXPECT_EQ(web.vips_text(), "203.0.113.64");
  EXPECT_EQ(web.stage, Stage::kServed);
}

TEST(Clusters, WhatOneHeldThatLeftTheConfigurationIsSaid) {
  TwoClusters world;
  world.inputs().pop_back();
  EXPECT_THAT(world.reconcile().warnings, ElementsAre(HasSubstr("cluster west is not in the configuration (any more), "
                                                                "and its Services hold 1 address")));
}

}  // namespace
}  // namespace sluice::control
