#include "control/reconcile.h"

#include <gtest/gtest.h>

#include "control/addresses.h"
#include "tests/control/objects.h"
#include "tests/control/reconcile_world.h"

namespace sluice::control {
namespace {

using Stage = PlannedService::Stage;
using World = ReconcileWorld;

kube::Service with_status(kube::Service service, std::string_view address) {
  service.status.ingress = {{.ip = std::string{address}}};
  return service;
}

// --- Which address ---

TEST(Reconcile, ImportsTheAddressThatTheStatusShows) {
  World world;
  world.east().put(with_status(service("web"), "203.0.113.99"));
  const auto web = world.reconcile("default/web");
  EXPECT_EQ(web.vips_text(), "203.0.113.99");
  EXPECT_EQ(web.vips.at(0).reason, "stands in the status");
}

TEST(Reconcile, ImportsAPublishedAddressBeforeItGivesAnOlderServiceAFreeOne) {
  World world;
  world.pools() = {pool("tiny", "203.0.113.64-203.0.113.65")};
  auto published = with_status(service("zz"), "203.0.113.64");
  published.meta.creation_timestamp = "2026-05-05T00:00:00Z";
  world.east().put(published);
  world.east().put(service("aa"));
  const auto plan = world.reconcile();
  EXPECT_EQ(plan.find("east", "default/zz")->vips_text(), "203.0.113.64");
  EXPECT_EQ(plan.find("east", "default/aa")->vips_text(), "203.0.113.65");
}

TEST(Reconcile, NotesThatAForeignAddressInTheStatusCannotStay) {
  World world;
  auto foreign = service("web");
  foreign.status.ingress = {{.hostname = "lb.example"}, {.ip = "2001:db8::1"}, {.ip = "192.0.2.1"}};
  world.east().put(foreign);
  const auto web = world.reconcile("default/web");
  EXPECT_EQ(web.vips_text(), "203.0.113.64");
  ASSERT_EQ(web.notes.size(), 1U);
  EXPECT_NE(web.notes[0].find("192.0.2.1"), std::string::npos);
}

TEST(Reconcile, BelievesTheBookBeforeTheStatus) {
  World world;
  world.east().put(service("web"));
  world.reconcile();
  world.east().put(with_status(service("web"), "203.0.113.99"));
  EXPECT_EQ(world.reconcile("default/web").vips_text(), "203.0.113.64");
}

TEST(Reconcile, GivesTheAddressThatIsAskedFor) {
  World world;
  auto asking = service("web");
  asking.load_balancer_ip = "203.0.113.77";
  world.east().put(asking);
  EXPECT_EQ(world.reconcile("default/web").vips_text(), "203.0.113.77");
}

TEST(Reconcile, GivesAnAddressOfThePoolThatIsAskedFor) {
  World world;
  world.pools().push_back(pool("special", "192.0.2.0/28"));
  auto asking = service("web");
  asking.meta.annotations[std::string{kPoolAnnotation}] = "special";
  world.east().put(asking);
  EXPECT_EQ(world.reconcile("default/web").vips.at(0).pool, "special");
}

TEST(Reconcile, RefusesWithASentenceWhatCannotBeGiven) {
  struct Row {
    const char* wanted;
    const char* wanted_pool;
    const char* in_sentence;
  };
  for (const Row& row : {Row{"203.0.113.64", "", "held by east/default/first"}, Row{"192.0.2.1", "", "in no pool"},
                         Row{"2001:db8::1", "", "ipFamilies has no such family"},
                         Row{"nonsense", "", "spec.loadBalancerIP"}, Row{"", "nowhere", "no pool 'nowhere'"}}) {
    World world;
    world.east().put(service("first"));
    world.reconcile();
    auto asking = service("web");
    asking.load_balancer_ip = row.wanted;
    if (*row.wanted_pool != '\0') asking.meta.annotations[std::string{kPoolAnnotation}] = row.wanted_pool;
    world.east().put(asking);
    const auto web = world.reconcile("default/web");
    EXPECT_EQ(web.stage, Stage::kPending);
    EXPECT_TRUE(web.vips.empty());
    EXPECT_NE(web.problem.find(row.in_sentence), std::string::npos) << web.problem;
    EXPECT_EQ(world.reconcile("default/first").stage, Stage::kServed);
  }
}

TEST(Reconcile, GoesOnServingAServiceThatAsksForNonsenseLater) {
  World world;
  world.east().put(service("web"));
  world.reconcile();
  auto confused = service("web");
  confused.load_balancer_ip = "nonsense";
  world.east().put(confused);
  const auto web = world.reconcile("default/web");
  EXPECT_EQ(web.stage, Stage::kServed);
  EXPECT_EQ(web.vips_text(), "203.0.113.64");
  ASSERT_EQ(web.notes.size(), 1U);
  EXPECT_NE(web.notes[0].find("nonsense"), std::string::npos);
}

TEST(Reconcile, SaysThatPoolsAreExhaustedAndServesWhenOneIsFreed) {
  World world;
  world.pools() = {pool("tiny", "203.0.113.64")};
  world.east().put(service("first"));
  world.reconcile();
  world.east().put(service("second"));
  const auto waiting = world.reconcile("default/second");
  EXPECT_EQ(waiting.stage, Stage::kPending);
  EXPECT_EQ(waiting.problem, "no IPv4 address is left in pool 'tiny'");
  world.east().remove_service("default/first");
  const auto served = world.reconcile("default/second");
  EXPECT_EQ(served.stage, Stage::kServed);
  EXPECT_EQ(served.problem, "");
}

TEST(Reconcile, KeepsAnAddressThatNoPoolHasAnyMore) {
  World world;
  world.east().put(service("web"));
  world.reconcile();
  world.pools() = {pool("new", "192.0.2.0/28")};
  const auto web = world.reconcile("default/web");
  EXPECT_EQ(web.vips_text(), "203.0.113.64");
  EXPECT_EQ(web.notes.size(), 1U);
}

// --- Ports, source ranges ---

TEST(Reconcile, ServesTheOtherPortsBesideOneThatItCannot) {
  World world;
  auto mixed = service("web");
  mixed.ports.push_back({.name = "sctp", .protocol = kube::Protocol::kSctp, .port = 9000, .node_port = 30900});
  mixed.ports.push_back({.name = "no-node-port", .port = 81});
  world.east().put(mixed);
  auto all = slice("web", "a", {endpoint("10.1.0.1", "node-1")});
  all.ports.push_back({.name = "sctp", .protocol = kube::Protocol::kSctp, .port = 9000});
  all.ports.push_back({.name = "no-node-port", .port = 81});
  world.east().put(all);
  const auto web = world.reconcile("default/web");
  EXPECT_EQ(web.stage, Stage::kServed);
  EXPECT_TRUE(web.ports[0].is_served());
  EXPECT_TRUE(web.ports[1].is_served());
  EXPECT_EQ(web.ports[1].backends.size(), 1U);
  EXPECT_EQ(web.ports[2].error, "sluice.dev/NoNodePort");
  EXPECT_TRUE(web.ports[2].backends.empty());
}

TEST(Reconcile, ReadsSourceRanges) {  // P8
  struct Row {
    std::vector<std::string> spec;
    const char* annotation;  // Null: none.
    bool has;
    std::vector<std::string> ranges;
  };
  const Row rows[] = {
      {{}, nullptr, false, {}},
      {{"192.0.2.0/24", " 198.51.100.7/32 "}, nullptr, true, {"192.0.2.0/24", "198.51.100.7/32"}},
      {{"192.0.2.0/24"}, "10.0.0.0/8", true, {"192.0.2.0/24"}},
      {{}, "10.0.0.0/8, 192.0.2.0/24\t,", true, {"10.0.0.0/8", "192.0.2.0/24"}},
      {{}, "", false, {}},
      {{}, " , ", false, {}},
      {{}, "nonsense", true, {}},
      {{"0.0.0.0/1", "128.0.0.0/1"}, nullptr, true, {"0.0.0.0/1", "128.0.0.0/1"}},
  };
  for (const Row& row : rows) {
    World world;
    auto restricted = service("web");
    restricted.source_ranges = row.spec;
    if (row.annotation != nullptr) restricted.meta.annotations[std::string{kSourceRangesAnnotation}] = row.annotation;
    world.east().put(restricted);
    const auto web = world.reconcile("default/web");
    std::vector<std::string> texts;
    for (const auto& range : web.source_ranges) texts.push_back(range.to_string());
    EXPECT_EQ(texts, row.ranges);
    EXPECT_EQ(web.has_source_ranges, row.has);
    EXPECT_EQ(web.notes.empty(), !row.has || !row.ranges.empty()) << "whom nobody reaches is told why";
  }
}

TEST(Reconcile, TellsPolicyAndAffinity) {
  World world;
  auto sticky = service("web");
  sticky.external_traffic_policy = kube::TrafficPolicy::kLocal;
  sticky.client_ip_affinity = std::chrono::seconds{10800};
  sticky.load_balancer_class = "sluice.dev/sluice";
  world.east().put(sticky);
  const auto web = world.reconcile("default/web");
  EXPECT_EQ(web.traffic_policy, kube::TrafficPolicy::kLocal);
  EXPECT_EQ(web.affinity_seconds, 10'800U);
  EXPECT_EQ(web.load_balancer_class, "sluice.dev/sluice");
}

}  // namespace
}  // namespace sluice::control
