#include "control/reconcile.h"

#include <gtest/gtest.h>

#include "tests/control/objects.h"
#include "tests/control/reconcile_world.h"

namespace sluice::control {
namespace {

using Stage = PlannedService::Stage;
using World = ReconcileWorld;

kube::Service deleted(kube::Service service) {
  service.meta.deletion_timestamp = "2026-01-02T00:00:00Z";
  return service;
}

// --- Which Services are ours (C1 to C3) ---

TEST(Reconcile, TakesServicesOfItsClassesAndClasslessOnesIfTold) {
  struct Row {
    std::optional<std::string> load_balancer_class;
    bool claim_classless;
    bool is_ours;
  };
  for (const Row& row : {Row{"sluice.dev/sluice", false, true}, Row{"sluice.dev/sluice", true, true},
                         Row{"example.com/other", true, false}, Row{"", true, false}, Row{std::nullopt, true, true},
                         Row{std::nullopt, false, false}}) {
    World world;
    world.east_input().claim_classless = row.claim_classless;
    auto asked = service("web");
    asked.meta.finalizers.clear();
    asked.load_balancer_class = row.load_balancer_class;
    world.east().put(asked);
    const auto plan = world.reconcile();
    EXPECT_EQ(plan.find("east", "default/web") != nullptr, row.is_ours) << row.load_balancer_class.value_or("(none)");
    EXPECT_EQ(plan.book.held().empty(), !row.is_ours);
  }
}

TEST(Reconcile, IgnoresOtherTypes) {
  for (const auto type :
       {kube::ServiceType::kClusterIp, kube::ServiceType::kNodePort, kube::ServiceType::kExternalName}) {
    World world;
    auto other = service("web");
    other.meta.finalizers.clear();
    other.type = type;
    world.east().put(other);
    EXPECT_TRUE(world.reconcile().services.empty());
  }
}

TEST(Reconcile, SaysWhyAServiceIsNotOurs) {
  World world;
  auto other = service("web");
  other.load_balancer_class = "example.com/other";
  EXPECT_NE(why_not_ours(world.east_input(), other).find("example.com/other"), std::string::npos);
  other.type = kube::ServiceType::kNodePort;
  EXPECT_EQ(why_not_ours(world.east_input(), other), "its type is NodePort");
}

// --- From asking to serving (U2) ---

TEST(Reconcile, ServesAServiceThatHasOurFinalizer) {
  World world;
  world.east().put(service("web"));
  world.east().put(slice("web", "a", {endpoint("10.1.0.1", "node-1")}));
  const auto web = world.reconcile("default/web");
  EXPECT_EQ(web.stage, Stage::kServed);
  EXPECT_EQ(web.vips_text(), "203.0.113.64");
  EXPECT_EQ(web.vips.at(0).pool, "public");
  EXPECT_EQ(web.vips.at(0).reason, "first free");
  EXPECT_EQ(text_of(web.ports.at(0).backends), "node-1:1");
  EXPECT_EQ(world.holder_of("203.0.113.64"), "east/default/web");
}

TEST(Reconcile, OnlyReservesTheAddressUntilOurFinalizerStands) {
  World world;
  auto fresh = service("web");
  fresh.meta.finalizers = {std::string{kube::kStandardFinalizer}};  // Anybody's.
  world.east().put(fresh);
  const auto reserved = world.reconcile("default/web");
  EXPECT_EQ(reserved.stage, Stage::kReserved);
  EXPECT_EQ(reserved.vips_text(), "203.0.113.64");
  world.east().put(service("web"));
  const auto served = world.reconcile("default/web");
  EXPECT_EQ(served.stage, Stage::kServed);
  EXPECT_EQ(served.vips_text(), reserved.vips_text());
}

TEST(Reconcile, GoesOnServingWhenSomebodyTakesOurFinalizerAway) {
  World world;
  world.east().put(service("web"));
  world.reconcile();
  auto robbed = service("web");
  robbed.meta.finalizers.clear();
  robbed.status.ingress = {{.ip = "203.0.113.64"}};  // Published: it was ours.
  world.east().put(robbed);
  EXPECT_EQ(world.reconcile("default/web").stage, Stage::kServed);
}

// The ledger could not be written: what it does not know is not served, all else goes on.
TEST(KeepTo, ServesOnlyWhatTheDurableBookKnows) {
  World world;
  world.east().put(service("old"));
  world.reconcile();
  const auto durable = world.book();
  world.east().put(service("new"));
  auto plan = world.reconcile();
  keep_to(durable, "disk full", plan);
  EXPECT_EQ(plan.find("east", "default/old")->stage, Stage::kServed);
  const auto* fresh = plan.find("east", "default/new");
  EXPECT_EQ(fresh->stage, Stage::kPending);
  EXPECT_TRUE(fresh->vips.empty());
  EXPECT_EQ(fresh->problem, "disk full");
  EXPECT_EQ(plan.book, durable);
}

TEST(KeepTo, LetsNothingGo) {
  World world;
  world.east().put(service("web"));
  world.reconcile();
  const auto durable = world.book();
  auto retyped = service("web");
  retyped.type = kube::ServiceType::kClusterIp;
  world.east().put(retyped);
  auto plan = world.reconcile();
  keep_to(durable, "disk full", plan);
  EXPECT_EQ(plan.find("east", "default/web"), nullptr);  // Its finalizers stay: nobody is told anything.
}

TEST(Reconcile, PublishesAnAddressWithoutAnyNode) {  // U9
  World world;
  world.east().remove_node("node-1");
  world.east().put(service("web"));
  const auto web = world.reconcile("default/web");
  EXPECT_EQ(web.stage, Stage::kServed);
  EXPECT_FALSE(web.has_backends());
}

TEST(Reconcile, PlansTheSameAgainIfNothingChanged) {
  World world;
  world.east().put(service("web"));
  world.east().put(slice("web", "a", {endpoint("10.1.0.1", "node-1")}));
  world.reconcile();
  const auto first = world.reconcile();
  auto written = service("web");
  written.meta.resource_version = "4711";
  world.east().put(written);
  const auto second = world.reconcile();
  EXPECT_EQ(first.book, second.book);
  EXPECT_EQ(first.services, second.services);
}

TEST(Reconcile, GivesTheOldestServiceTheFirstAddress) {
  World world;
  auto young = service("a-young-one");
  young.meta.creation_timestamp = "2026-02-01T00:00:00Z";
  world.east().put(young);
  world.east().put(service("the-old-one"));
  const auto plan = world.reconcile();
  EXPECT_EQ(plan.find("east", "default/the-old-one")->vips_text(), "203.0.113.64");
  EXPECT_EQ(plan.find("east", "default/a-young-one")->vips_text(), "203.0.113.65");
  EXPECT_EQ(plan.services.front().key(), "default/a-young-one");  // Listed by name.
}

// --- Letting go (D1 to D6, U5) ---

TEST(Reconcile, ReleasesTheAddressOfAServiceThatIsBeingDeleted) {
  World world;
  world.east().put(service("web"));
  world.reconcile();
  world.east().put(deleted(service("web")));
  const auto web = world.reconcile("default/web");
  EXPECT_EQ(web.stage, Stage::kReleasing);
  EXPECT_TRUE(web.vips.empty());
  EXPECT_EQ(world.holder_of("203.0.113.64"), "");
  world.east().remove_service("default/web");
  EXPECT_TRUE(world.reconcile().services.empty());
}

TEST(Reconcile, NeverAllocatesForAServiceThatIsBeingDeleted) {  // D5
  World world;
  auto dying = deleted(service("web"));
  world.east().put(dying);
  EXPECT_EQ(world.reconcile("default/web").stage, Stage::kReleasing);
  EXPECT_TRUE(world.book().held().empty());
  dying.meta.finalizers = {"example.com/somebody-else"};
  world.east().put(dying);
  EXPECT_TRUE(world.reconcile().services.empty());
}

TEST(Reconcile, ReleasesTheAddressOnAChangeOfType) {  // D3: the status is wiped in the same write.
  World world;
  world.east().put(service("web"));
  world.reconcile();
  auto changed = service("web");
  changed.type = kube::ServiceType::kClusterIp;
  world.east().put(changed);
  EXPECT_EQ(world.reconcile("default/web").stage, Stage::kReleasing);
  EXPECT_EQ(world.holder_of("203.0.113.64"), "");
}

TEST(Reconcile, ReleasesTheAddressWhenTheClassIsOursNoMore) {
  World world;
  world.east().put(service("web"));
  world.reconcile();
  world.east_input().claim_classless = false;
  EXPECT_EQ(world.reconcile("default/web").stage, Stage::kReleasing);
  EXPECT_TRUE(world.book().held().empty());
}

TEST(Reconcile, ReleasesWhatVanishedWithoutOurFinalizer) {  // D6
  World world;
  world.east().put(service("web"));
  world.reconcile();
  world.east().remove_service("default/web");
  EXPECT_TRUE(world.reconcile().services.empty());
  EXPECT_TRUE(world.book().held().empty());
  ASSERT_EQ(world.book().released().size(), 1U);
}

TEST(Reconcile, GivesAReleasedAddressToTheNextService) {
  World world;
  world.pools() = {pool("tiny", "203.0.113.64")};
  world.east().put(service("web"));
  world.reconcile();
  world.east().put(deleted(service("web")));
  world.east().put(service("next"));
  EXPECT_EQ(world.reconcile("default/next").vips_text(), "203.0.113.64");
}

TEST(Reconcile, GivesTheAddressBackOfAServiceMadeAnewUnderItsName) {  // U5
  World world;
  world.east().put(service("web"));
  const auto before = world.reconcile("default/web");
  auto anew = service("web");
  anew.meta.uid = "another-uid";
  world.east().put(anew);
  const auto after = world.reconcile("default/web");
  EXPECT_NE(after.vips, before.vips);
  EXPECT_EQ(world.holder_of(before.vips_text()), "");
  EXPECT_EQ(world.book().find_by_holder({{"east", "default", "web"}})->uid, "another-uid");
}

TEST(Reconcile, KeepsAnAddressWhoseEntryDoesNotSayTheUid) {
  World world;
  ASSERT_TRUE(world.book().hold({.service = {"east", "default", "web"}, .vip = ip("203.0.113.70"), .pool = "public"}));
  world.east().put(service("web"));
  EXPECT_EQ(world.reconcile("default/web").vips_text(), "203.0.113.70");
  EXPECT_EQ(world.book().find_by_holder({{"east", "default", "web"}})->uid, "uid-of-web");
}

TEST(Reconcile, KeepsTheAddressesOfAClusterThatIsNotConfigured) {
  World world;
  ASSERT_TRUE(world.book().hold(
      {.service = {"west", "default", "web"}, .uid = "u", .vip = ip("203.0.113.64"), .pool = "public"}));
  world.east().put(service("web"));
  EXPECT_EQ(world.reconcile("default/web").vips_text(), "203.0.113.65");
  EXPECT_EQ(world.holder_of("203.0.113.64"), "west/default/web");
}

// It is there, we merely cannot read it: at start, before any version of it could be read.
TEST(Reconcile, KeepsTheAddressOfAServiceThatCannotBeRead) {
  World world;
  ASSERT_TRUE(world.book().hold(
      {.service = {"east", "default", "web"}, .uid = "uid-of-web", .vip = ip("203.0.113.64"), .pool = "public"}));
  kube::Malformed malformed{.resource = "services", .meta = service("web").meta, .sentence = "spec.ports: no list"};
  world.east().malformed["services default/web"] = malformed;
  world.east().put(service("next"));
  EXPECT_EQ(world.reconcile("default/next").vips_text(), "203.0.113.65");
  EXPECT_EQ(world.holder_of("203.0.113.64"), "east/default/web");
}

// --- Several clusters ---

TEST(Reconcile, TellsServicesOfTheSameNameInTwoClustersApart) {
  World world;
  kube::ClusterState& west = world.add_cluster("west");
  world.east().put(service("web"));
  auto wests = service("web");
  wests.meta.uid = "uid-of-west";
  west.put(wests);
  const auto plan = world.reconcile();
  ASSERT_EQ(plan.services.size(), 2U);
  EXPECT_NE(plan.find("east", "default/web")->vips, plan.find("west", "default/web")->vips);
  EXPECT_EQ(plan.find("", "default/web")->cluster, "east");
  west.put(deleted(wests));
  const auto later = world.reconcile();
  EXPECT_EQ(later.find("east", "default/web")->stage, Stage::kServed);
  EXPECT_EQ(later.find("west", "default/web")->stage, Stage::kReleasing);
}

TEST(Reconcile, ClaimsClasslessServicesPerCluster) {
  World world;
  world.add_cluster("west").put(service("web"));
  world.east().put(service("web"));
  world.east_input().claim_classless = false;
  world.east().services.at("default/web").meta.finalizers.clear();
  const auto plan = world.reconcile();
  EXPECT_EQ(plan.find("east", "default/web"), nullptr);
  EXPECT_NE(plan.find("west", "default/web"), nullptr);
}

}  // namespace
}  // namespace sluice::control
