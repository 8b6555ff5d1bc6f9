#include "control/reconcile.h"

#include <gtest/gtest.h>

#include <deque>

#include "tests/control/objects.h"

namespace sluice::control {
namespace {

using Stage = PlannedService::Stage;

ipam::Pool pool(const std::string& name, std::string_view range) {
  return {.name = name, .ranges = {*ipam::AddressRange::parse(range)}};
}

// Clusters, pools and the book between two calls, as the appliance keeps them.
class World {
 public:
  World() {
    pools_ = {pool("public", "203.0.113.64/26")};
    add_cluster("east");
  }

  kube::ClusterState& add_cluster(const std::string& name) {
    kube::ClusterState& state = states_.emplace_back();
    state.name = name;
    state.synced = true;
    state.put(node("node-1", "10.20.0.11"));
    clusters_.push_back({.name = name, .load_balancer_classes = {"sluice.dev/sluice"}, .claim_classless = true,
                         .state = &state});
    return state;
  }
  kube::ClusterState& east() { return states_.front(); }
  ClusterInput& east_input() { return clusters_.front(); }
  std::vector<ipam::Pool>& pools() { return pools_; }
  ipam::LedgerBook& book() { return book_; }

  // The plan; its book counts from now on.
  Plan reconcile() {
    Plan plan = control::reconcile({.clusters = clusters_, .pools = pools_, .book = book_, .now = ++now_});
    book_ = plan.book;
    return plan;
  }
  // The plan for one Service; fails the test if it has none.
  PlannedService reconcile(const std::string& key, std::string_view cluster = "east") {
    const Plan plan = reconcile();
    const auto* found = plan.find(cluster, key);
    EXPECT_NE(found, nullptr) << key << " is not planned";
    return found != nullptr ? *found : PlannedService{};
  }
  std::string holder_of(std::string_view vip) const {
    const auto* entry = book_.find_by_vip(net::IpAddress{ip(vip)});
    return entry != nullptr ? entry->service.to_string() : "";
  }

 private:
  std::deque<kube::ClusterState> states_;  // Inputs point at them.
  std::vector<ClusterInput> clusters_;
  std::vector<ipam::Pool> pools_;
  ipam::LedgerBook book_;
  std::int64_t now_ = 1'700'000'000;
};

kube::Service with_status(kube::Service service, std::string_view address) {
  service.status.ingress = {{.ip = std::string{address}}};
  return service;
}

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
  EXPECT_EQ(web.vip, ip("203.0.113.64"));
  EXPECT_EQ(web.pool, "public");
  EXPECT_EQ(web.address_reason, "first free");
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
  EXPECT_EQ(reserved.vip, ip("203.0.113.64"));
  world.east().put(service("web"));
  const auto served = world.reconcile("default/web");
  EXPECT_EQ(served.stage, Stage::kServed);
  EXPECT_EQ(served.vip, reserved.vip);
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
  EXPECT_EQ(plan.find("east", "default/the-old-one")->vip, ip("203.0.113.64"));
  EXPECT_EQ(plan.find("east", "default/a-young-one")->vip, ip("203.0.113.65"));
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
  EXPECT_FALSE(web.vip.has_value());
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
  EXPECT_EQ(world.reconcile("default/next").vip, ip("203.0.113.64"));
}

TEST(Reconcile, GivesTheAddressBackOfAServiceMadeAnewUnderItsName) {  // U5
  World world;
  world.east().put(service("web"));
  const auto before = world.reconcile("default/web");
  auto anew = service("web");
  anew.meta.uid = "another-uid";
  world.east().put(anew);
  const auto after = world.reconcile("default/web");
  EXPECT_NE(after.vip, before.vip);
  EXPECT_EQ(world.holder_of(before.vip->to_string()), "");
  EXPECT_EQ(world.book().find_by_service({"east", "default", "web"})->uid, "another-uid");
}

TEST(Reconcile, KeepsAnAddressWhoseEntryDoesNotSayTheUid) {
  World world;
  ASSERT_TRUE(world.book().hold({.service = {"east", "default", "web"}, .vip = ip("203.0.113.70"), .pool = "public"}));
  world.east().put(service("web"));
  EXPECT_EQ(world.reconcile("default/web").vip, ip("203.0.113.70"));
  EXPECT_EQ(world.book().find_by_service({"east", "default", "web"})->uid, "uid-of-web");
}

TEST(Reconcile, KeepsTheAddressesOfAClusterThatIsNotConfigured) {
  World world;
  ASSERT_TRUE(world.book().hold(
      {.service = {"west", "default", "web"}, .uid = "u", .vip = ip("203.0.113.64"), .pool = "public"}));
  world.east().put(service("web"));
  EXPECT_EQ(world.reconcile("default/web").vip, ip("203.0.113.65"));
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
  EXPECT_EQ(world.reconcile("default/next").vip, ip("203.0.113.65"));
  EXPECT_EQ(world.holder_of("203.0.113.64"), "east/default/web");
}

// --- Several clusters ---

TEST(Reconcile, TellsServicesOfTheSameNameInTwoClustersApart) {
  World world;
  kube::ClusterState& west = world.add_cluster("west");
  world.east().put(service("web"));
  west.put(service("web"));  // Even with the same uid.
  const auto plan = world.reconcile();
  ASSERT_EQ(plan.services.size(), 2U);
  EXPECT_NE(plan.find("east", "default/web")->vip, plan.find("west", "default/web")->vip);
  EXPECT_EQ(plan.find("", "default/web")->cluster, "east");
  west.put(deleted(service("web")));
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

// --- Which address ---

TEST(Reconcile, ImportsTheAddressThatTheStatusShows) {
  World world;
  world.east().put(with_status(service("web"), "203.0.113.99"));
  const auto web = world.reconcile("default/web");
  EXPECT_EQ(web.vip, ip("203.0.113.99"));
  EXPECT_EQ(web.address_reason, "stands in the status");
}

TEST(Reconcile, ImportsAPublishedAddressBeforeItGivesAnOlderServiceAFreeOne) {
  World world;
  world.pools() = {pool("tiny", "203.0.113.64-203.0.113.65")};
  auto published = with_status(service("zz"), "203.0.113.64");
  published.meta.creation_timestamp = "2026-05-05T00:00:00Z";
  world.east().put(published);
  world.east().put(service("aa"));
  const auto plan = world.reconcile();
  EXPECT_EQ(plan.find("east", "default/zz")->vip, ip("203.0.113.64"));
  EXPECT_EQ(plan.find("east", "default/aa")->vip, ip("203.0.113.65"));
}

TEST(Reconcile, NotesThatAForeignAddressInTheStatusCannotStay) {
  World world;
  auto foreign = service("web");
  foreign.status.ingress = {{.hostname = "lb.example"}, {.ip = "2001:db8::1"}, {.ip = "192.0.2.1"}};
  world.east().put(foreign);
  const auto web = world.reconcile("default/web");
  EXPECT_EQ(web.vip, ip("203.0.113.64"));
  ASSERT_EQ(web.notes.size(), 1U);
  EXPECT_NE(web.notes[0].find("192.0.2.1"), std::string::npos);
}

TEST(Reconcile, BelievesTheBookBeforeTheStatus) {
  World world;
  world.east().put(service("web"));
  world.reconcile();
  world.east().put(with_status(service("web"), "203.0.113.99"));
  EXPECT_EQ(world.reconcile("default/web").vip, ip("203.0.113.64"));
}

TEST(Reconcile, GivesTheAddressThatIsAskedFor) {
  World world;
  auto asking = service("web");
  asking.load_balancer_ip = "203.0.113.77";
  world.east().put(asking);
  EXPECT_EQ(world.reconcile("default/web").vip, ip("203.0.113.77"));
}

TEST(Reconcile, GivesAnAddressOfThePoolThatIsAskedFor) {
  World world;
  world.pools().push_back(pool("special", "192.0.2.0/28"));
  auto asking = service("web");
  asking.meta.annotations[std::string{kPoolAnnotation}] = "special";
  world.east().put(asking);
  EXPECT_EQ(world.reconcile("default/web").pool, "special");
}

TEST(Reconcile, RefusesWithASentenceWhatCannotBeGiven) {
  struct Row {
    const char* wanted;
    const char* wanted_pool;
    const char* in_sentence;
  };
  for (const Row& row : {Row{"203.0.113.64", "", "held by east/default/first"}, Row{"192.0.2.1", "", "in no pool"},
                         Row{"2001:db8::1", "", "in no pool"}, Row{"nonsense", "", "spec.loadBalancerIP"},
                         Row{"", "nowhere", "no pool 'nowhere'"}}) {
    World world;
    world.east().put(service("first"));
    world.reconcile();
    auto asking = service("web");
    asking.load_balancer_ip = row.wanted;
    if (*row.wanted_pool != '\0') asking.meta.annotations[std::string{kPoolAnnotation}] = row.wanted_pool;
    world.east().put(asking);
    const auto web = world.reconcile("default/web");
    EXPECT_EQ(web.stage, Stage::kPending);
    EXPECT_FALSE(web.vip.has_value());
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
  EXPECT_EQ(web.vip, ip("203.0.113.64"));
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
  EXPECT_EQ(waiting.problem, "no address is left in pool 'tiny'");
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
  EXPECT_EQ(web.vip, ip("203.0.113.64"));
  EXPECT_EQ(web.notes.size(), 1U);
}

// --- Families, ports, source ranges ---

TEST(Reconcile, RefusesAServiceOfIpv6Alone) {
  World world;
  auto six = service("web");
  six.ip_families = {kube::IpFamily::kIpv6};
  world.east().put(six);
  const auto web = world.reconcile("default/web");
  EXPECT_EQ(web.stage, Stage::kPending);
  EXPECT_NE(web.problem.find("IPv6"), std::string::npos);
  EXPECT_TRUE(world.book().held().empty());
}

TEST(Reconcile, ServesTheIpv4SideOfADualStackService) {
  for (const auto& families : {std::vector{kube::IpFamily::kIpv4, kube::IpFamily::kIpv6},
                               std::vector{kube::IpFamily::kIpv6, kube::IpFamily::kIpv4}}) {
    World world;
    auto dual = service("web");
    dual.ip_families = families;
    world.east().put(dual);
    const auto web = world.reconcile("default/web");
    EXPECT_EQ(web.stage, Stage::kServed);
    ASSERT_EQ(web.notes.size(), 1U);
    EXPECT_NE(web.notes[0].find("IPv6"), std::string::npos);
  }
}

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
  EXPECT_EQ(web.ports[1].error, "sluice.dev/ProtocolNotSupported");
  EXPECT_TRUE(web.ports[1].backends.empty());
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
      {{"2001:db8::/32"}, nullptr, true, {}},
      {{"2001:db8::/32", "192.0.2.0/24"}, nullptr, true, {"192.0.2.0/24"}},
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
  EXPECT_TRUE(web.client_ip_affinity);
  EXPECT_EQ(web.load_balancer_class, "sluice.dev/sluice");
}

}  // namespace
}  // namespace sluice::control
