#include <gtest/gtest.h>

#include "control/addresses.h"
#include "control/desired.h"
#include "control/reconcile.h"
#include "tests/control/objects.h"
#include "tests/control/reconcile_world.h"

namespace sluice::control {
namespace {

using Policy = kube::IpFamilyPolicy;
using Stage = PlannedService::Stage;
using World = ReconcileWorld;
using Families = std::vector<IpFamily>;

const Families kFour{IpFamily::kIpv4}, kSix{IpFamily::kIpv6};
const Families kFourSix{IpFamily::kIpv4, IpFamily::kIpv6}, kSixFour{IpFamily::kIpv6, IpFamily::kIpv4};

ipam::Pool dual_pool() {
  auto both = pool("public", "203.0.113.64/26");
  both.ranges.push_back(*ipam::AddressRange::parse("2001:db8:f::/64"));
  return both;
}

kube::Service of_families(Families families, Policy policy = Policy::kSingleStack) {
  auto made = service("web");
  made.ip_families = std::move(families);
  made.ip_family_policy = policy;
  return made;
}

kube::Service published_at(kube::Service service, std::initializer_list<const char*> addresses) {
  for (const char* address : addresses) service.status.ingress.push_back({.ip = address});
  return service;
}

TEST(ReconcileFamilies, GivesAnAddressForEachFamilyInTheirOrder) {
  const struct {
    Families families;
    const char* vips;
  } cases[] = {{kFour, "203.0.113.64"},
               {kSix, "2001:db8:f::1"},
               {kFourSix, "203.0.113.64, 2001:db8:f::1"},
               {kSixFour, "2001:db8:f::1, 203.0.113.64"}};
  for (const auto& c : cases) {
    World world;
    world.pools() = {dual_pool()};
    world.east().put(of_families(c.families, Policy::kPreferDualStack));
    const auto web = world.reconcile("default/web");
    EXPECT_EQ(web.vips_text(), c.vips);
    EXPECT_EQ(web.stage, Stage::kServed);
    EXPECT_TRUE(web.notes.empty());
    EXPECT_EQ(world.reconcile("default/web").vips.front().reason, "held already");
  }
}

TEST(ReconcileFamilies, SaysWhatIsMissingByTheStrictnessOfThePolicy) {
  const struct {
    const char* story;
    kube::Service service;
    Stage stage;
    const char* vips;
    const char* problem;
    const char* note;
    const char* missing_family;
  } cases[] = {
      {"prefers both", of_families(kFourSix, Policy::kPreferDualStack), Stage::kServed, "203.0.113.64", "",
       "only 203.0.113.64 is served: no pool has an IPv6 range", ""},
      {"prefers both, IPv6 first", of_families(kSixFour, Policy::kPreferDualStack), Stage::kServed, "203.0.113.64", "",
       "only 203.0.113.64 is served: no pool has an IPv6 range", ""},
      {"requires both", of_families(kFourSix, Policy::kRequireDualStack), Stage::kPending, "",
       "ipFamilyPolicy RequireDualStack: no pool has an IPv6 range", "", ""},
      {"requires both and is published already",
       published_at(of_families(kFourSix, Policy::kRequireDualStack), {"203.0.113.70"}), Stage::kServed, "203.0.113.70",
       "", "", "ipFamilyPolicy RequireDualStack: no pool has an IPv6 range"},
      {"IPv6 alone", of_families(kSix), Stage::kPending, "", "no pool has an IPv6 range", "", ""},
  };
  for (const auto& c : cases) {
    World world;
    world.east().put(c.service);
    for (int turn = 0; turn < 2; ++turn) {  // The outcome is the same when the ledger knows it.
      const auto web = world.reconcile("default/web");
      EXPECT_EQ(web.stage, c.stage) << c.story;
      EXPECT_EQ(web.vips_text(), c.vips) << c.story;
      EXPECT_EQ(web.problem, c.problem) << c.story;
      EXPECT_EQ(web.notes.empty() ? "" : web.notes.front(), c.note) << c.story;
      EXPECT_EQ(web.missing_family, c.missing_family) << c.story;
    }
  }
}

TEST(ReconcileFamilies, SaysAProblemOfBothFamiliesOnce) {
  World world;
  auto asking = of_families(kFourSix, Policy::kPreferDualStack);
  asking.meta.annotations[std::string{kPoolAnnotation}] = "nowhere";
  world.east().put(asking);
  EXPECT_EQ(world.reconcile("default/web").problem, "there is no pool 'nowhere'; configured are 'public'");
}

TEST(ReconcileFamilies, AddsAFamilyAndGivesItBack) {
  World world;
  world.pools() = {dual_pool()};
  world.east().put(of_families(kFour));
  world.reconcile();
  world.east().put(of_families(kFourSix, Policy::kRequireDualStack));
  EXPECT_EQ(world.reconcile("default/web").vips_text(), "203.0.113.64, 2001:db8:f::1");
  world.east().put(of_families(kSix));
  EXPECT_EQ(world.reconcile("default/web").vips_text(), "2001:db8:f::1");
  EXPECT_EQ(world.holder_of("203.0.113.64"), "");
  EXPECT_EQ(world.holder_of("2001:db8:f::1"), "east/default/web");
}

TEST(ReconcileFamilies, GivesBothAddressesBackWithTheService) {
  World world;
  world.pools() = {dual_pool()};
  world.east().put(of_families(kFourSix));
  world.reconcile();
  world.east().remove_service("default/web");
  world.reconcile();
  EXPECT_TRUE(world.book().held().empty());
  EXPECT_EQ(world.book().released().size(), 2U);
}

TEST(ReconcileFamilies, GivesTheAddressAskedForToItsFamily) {
  World world;
  world.pools() = {dual_pool()};
  auto asking = of_families(kFourSix);
  asking.load_balancer_ip = "2001:db8:f::beef";
  world.east().put(asking);
  EXPECT_EQ(world.reconcile("default/web").vips_text(), "203.0.113.64, 2001:db8:f::beef");
}

TEST(ReconcileFamilies, ImportsThePublishedAddressOfEachFamily) {
  World world;
  world.pools() = {dual_pool()};
  world.east().put(published_at(of_families(kFourSix), {"2001:db8:f::9", "203.0.113.99"}));
  EXPECT_EQ(world.reconcile("default/web").vips_text(), "203.0.113.99, 2001:db8:f::9");
}

TEST(ReconcileFamilies, KeepsToTheAddressesThatAreDurable) {
  World world;
  world.pools() = {dual_pool()};
  world.east().put(of_families(kFour));
  world.reconcile();
  const ipam::LedgerBook durable = world.book();
  world.east().put(of_families(kFourSix));
  Plan plan = world.reconcile();
  keep_to(durable, "disk full", plan);
  const auto& web = *plan.find("east", "default/web");
  EXPECT_EQ(web.vips_text(), "203.0.113.64");
  EXPECT_EQ(web.stage, Stage::kServed);
  EXPECT_EQ(web.missing_family, "disk full");
}

TEST(ReconcileFamilies, ClosesAFamilyThatASourceListDoesNotName) {  // P8
  const struct {
    std::vector<std::string> ranges;
    std::vector<std::string> notes;
  } cases[] = {
      {{}, {}},
      {{"192.0.2.0/24"}, {"no source range is an IPv6 one, so nobody may use the IPv6 address"}},
      {{"2001:db8:7::/48"}, {"no source range is an IPv4 one, so nobody may use the IPv4 address"}},
      {{"192.0.2.0/24", "2001:db8:7::/48"}, {}},
  };
  for (const auto& c : cases) {
    World world;
    world.pools() = {dual_pool()};
    auto restricted = of_families(kFourSix);
    restricted.source_ranges = c.ranges;
    world.east().put(restricted);
    const auto web = world.reconcile("default/web");
    EXPECT_EQ(web.has_source_ranges, !c.ranges.empty());
    EXPECT_EQ(web.source_ranges.size(), c.ranges.size());
    EXPECT_EQ(web.notes, c.notes);
  }
}

TEST(ReconcileFamilies, ChoosesNodesOfEachFamilyByItsOwnSlices) {
  World world;
  world.pools() = {dual_pool()};
  auto both = node("node-2", "2001:db8:20::12");
  both.internal_ips.push_back(ip("10.20.0.12"));
  world.east().put(both);
  world.east().put(slice("web", "4", {endpoint("10.1.0.1", "node-1"), endpoint("10.1.0.2", "node-2")}));
  auto six = slice("web", "6", {endpoint("2001:db8:30::2", "node-2"), endpoint("2001:db8:30::3", "node-2")});
  six.address_type = kube::AddressType::kIpv6;
  world.east().put(six);
  auto local = of_families(kFourSix);
  local.external_traffic_policy = kube::TrafficPolicy::kLocal;
  world.east().put(local);
  const auto web = world.reconcile("default/web");
  EXPECT_EQ(text_of(web.ports[0].backends), "node-1:1 node-2:1 node-2:2");
  EXPECT_EQ(web.ports[0].backends[1].address.to_string(), "10.20.0.12");
  EXPECT_EQ(web.ports[0].backends[2].address.to_string(), "2001:db8:20::12");
  ASSERT_EQ(web.nodes.size(), 4U);
  EXPECT_EQ(web.nodes[2].family, IpFamily::kIpv6);
  EXPECT_EQ(web.nodes[2].reason, "no IPv6 InternalIP");
}

TEST(ReconcileFamilies, ArePublishedAsOneEntryEach) {
  World world;
  world.pools() = {dual_pool()};
  world.east().put(of_families(kSixFour));
  const auto wanted = desired(world.reconcile("default/web"));
  ASSERT_EQ(wanted.ingress->size(), 2U);
  EXPECT_EQ((*wanted.ingress)[0].ip, "2001:db8:f::1");
  EXPECT_EQ((*wanted.ingress)[1].ip, "203.0.113.64");
  EXPECT_EQ((*wanted.ingress)[1].ip_mode, kube::IpMode::kProxy);
  EXPECT_EQ((*wanted.ingress)[0].ports, (*wanted.ingress)[1].ports);
  EXPECT_EQ(wanted.conditions[0].message, "2001:db8:f::1 from pool public, 203.0.113.64 from pool public");
}

TEST(ReconcileFamilies, DegradeAServiceThatLacksOneItRequires) {
  World world;
  world.east().put(published_at(of_families(kFourSix, Policy::kRequireDualStack), {"203.0.113.70"}));
  auto web = world.reconcile("default/web");
  EXPECT_EQ(desired(web).conditions.at(1).reason, "IPFamiliesNotSupported");
  EXPECT_EQ(desired(web).conditions.at(1).message, "ipFamilyPolicy RequireDualStack: no pool has an IPv6 range");
  web.traffic_policy = kube::TrafficPolicy::kLocal;
  EXPECT_EQ(desired(web).conditions.at(1).reason, "Multiple");
}

}  // namespace
}  // namespace sluice::control
