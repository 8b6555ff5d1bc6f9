#include "control/netlink/kernel_state.h"

#include <algorithm>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "control/netlink/configure.h"
#include "control/netlink/resolver.h"
#include "tests/control/test_namespace.h"

namespace sluice::control::netlink {
namespace {

net::IpAddress ip(const char* text) { return net::IpAddress::parse(text).value(); }

// `wan` (02:00:00:00:00:01) in the box under test, `far` (…:02) in a namespace of its own.
class KernelStateInNamespace : public testing::Test {
 protected:
  void SetUp() override {
    if (!box_.made() || !far_.made()) GTEST_SKIP() << "needs root: makes network namespaces";
    ASSERT_TRUE(
        box_.shell("ip link add wan address 02:00:00:00:00:01 type veth peer name far address 02:00:00:00:00:02\n"
                   "ip link set far netns " +
                   far_.path() + "\nip link set lo up\n"));
    ASSERT_TRUE(far_.shell("ip link set far up; ip addr add 203.0.113.1/24 dev far"));
    box_.enter();
  }
  void TearDown() override {
    if (box_.made()) box_.leave();
  }
  void bring_wan_up() {
    ASSERT_TRUE(box_.shell("ip link set wan up; ip addr add 203.0.113.2/24 dev wan"));
    box_.enter();
  }
  std::unique_ptr<KernelState> start(KernelState::Options options = {}) {
    auto started = KernelState::start(reactor_, options);
    EXPECT_TRUE(started) << started.message();
    auto state = std::move(*started);
    EXPECT_TRUE(run_until(reactor_, [&] { return state->ready(); }));
    return state;
  }
  bool shell(const std::string& commands) {
    const bool done = box_.shell(commands);
    box_.enter();
    return done;
  }
  int wan(const KernelState& state) { return state.link("wan").value_or(Link{}).index; }

  TestNamespace box_;
  TestNamespace far_;
  Reactor reactor_;
};

bool has_route(const KernelState& state, const char* prefix) {
  for (const Route& route : state.routes()) {
    if (route.prefix.to_string() == prefix) return true;
  }
  return false;
}

TEST_F(KernelStateInNamespace, ShowsWhatWasThereBeforeItStarted) {
  bring_wan_up();
  ASSERT_TRUE(shell("ip route add default via 203.0.113.1"));
  const auto state = start();
  const auto link = state->link("wan");
  ASSERT_TRUE(link);
  EXPECT_EQ(link->mac.to_string(), "02:00:00:00:00:01");
  EXPECT_TRUE(link->up && link->running);
  EXPECT_EQ(link->mtu, 1500U);
  EXPECT_TRUE(has_route(*state, "0.0.0.0/0"));
  EXPECT_TRUE(has_route(*state, "203.0.113.0/24"));
  const auto addresses = state->addresses();
  EXPECT_NE(std::find(addresses.begin(), addresses.end(), Address{link->index, ip("203.0.113.2"), 24}),
            addresses.end());
}

TEST_F(KernelStateInNamespace, FollowsAddressesRoutesAndNeighbours) {
  const auto state = start();
  int calls = 0;
  state->on_change([&] { ++calls; });
  ASSERT_TRUE(
      shell("ip link set wan up; ip addr add 203.0.113.2/24 dev wan; ip addr add 2001:db8::2/64 dev wan nodad\n"
            "ip route add 10.0.0.0/8 nexthop via 203.0.113.10 nexthop via 203.0.113.11 weight 2\n"
            "ip neigh add 203.0.113.10 lladdr 02:00:00:00:00:10 dev wan"));
  EXPECT_TRUE(run_until(reactor_, [&] {
    return has_route(*state, "10.0.0.0/8") && state->addresses().size() >= 4 &&
           state->neighbour(ip("203.0.113.10"), wan(*state)).has_value();
  }));
  EXPECT_GT(calls, 0);
  ASSERT_TRUE(shell("ip neigh del 203.0.113.10 dev wan; ip route del 10.0.0.0/8; ip addr del 203.0.113.2/24 dev wan"));
  EXPECT_TRUE(
      run_until(reactor_, [&] { return !has_route(*state, "203.0.113.0/24") && state->addresses().size() <= 4; }));
}

TEST_F(KernelStateInNamespace, FollowsRoutesOfIpv6) {
  bring_wan_up();
  ASSERT_TRUE(shell("ip addr add 2001:db8::2/64 dev wan nodad; ip -6 route add 2001:db8:9::/48 via 2001:db8::1"));
  const auto state = start();
  EXPECT_TRUE(has_route(*state, "2001:db8::/64"));
  EXPECT_TRUE(has_route(*state, "2001:db8:9::/48"));
  EXPECT_FALSE(has_route(*state, "fe80::/64"));
  const auto hops = [&] {
    std::string text;
    for (const Route& route : state->routes()) {
      if (route.prefix.to_string() != "2001:db8:a::/48") continue;
      for (const NextHop& hop : route.next_hops) text += hop.gateway->to_string() + " ";
    }
    return text;
  };
  ASSERT_TRUE(
      shell("ip -6 route add 2001:db8:a::/48 via 2001:db8::10; ip -6 route append 2001:db8:a::/48 via 2001:db8::11"));
  EXPECT_TRUE(run_until(reactor_, [&] { return hops() == "2001:db8::10 2001:db8::11 "; })) << hops();
  ASSERT_TRUE(shell("ip -6 route del 2001:db8:a::/48 via 2001:db8::10"));
  EXPECT_TRUE(run_until(reactor_, [&] { return hops() == "2001:db8::11 "; })) << hops();
  ASSERT_TRUE(shell("ip link set wan down"));
  EXPECT_TRUE(run_until(reactor_, [&] { return state->routes().empty(); }));
}

TEST_F(KernelStateInNamespace, NoticesRoutesThatGoSilentlyWithTheirLink) {
  bring_wan_up();
  ASSERT_TRUE(shell("ip route add 10.0.0.0/8 via 203.0.113.1"));
  const auto state = start();
  ASSERT_TRUE(has_route(*state, "10.0.0.0/8"));
  ASSERT_TRUE(shell("ip link set wan down"));
  EXPECT_TRUE(run_until(reactor_, [&] { return state->routes().empty(); }));
  ASSERT_TRUE(shell("ip link set wan up; ip link del wan"));
  EXPECT_TRUE(run_until(reactor_, [&] { return !state->link("wan") && state->routes().empty(); }));
}

TEST_F(KernelStateInNamespace, FollowsReplacedAndAppendedRoutes) {
  bring_wan_up();
  const auto state = start();
  ASSERT_TRUE(
      shell("ip route add 10.0.0.0/8 via 203.0.113.1; ip route append 10.0.0.0/8 via 203.0.113.7\n"
            "ip route replace 10.0.0.0/8 via 203.0.113.9; ip route add 10.0.0.0/8 via 203.0.113.3 metric 5"));
  const auto gateway = [&]() -> std::string {
    for (const Route& route : state->routes()) {
      if (route.prefix.to_string() == "10.0.0.0/8") return route.next_hops.at(0).gateway->to_string();
    }
    return "none";
  };
  EXPECT_TRUE(run_until(reactor_, [&] { return gateway() == "203.0.113.9"; })) << gateway();
  ASSERT_TRUE(shell("ip route del 10.0.0.0/8 via 203.0.113.9 metric 0"));
  EXPECT_TRUE(run_until(reactor_, [&] { return gateway() == "203.0.113.7"; })) << gateway();
  ASSERT_TRUE(shell("ip route del 10.0.0.0/8 via 203.0.113.7 metric 0"));
  EXPECT_TRUE(run_until(reactor_, [&] { return gateway() == "203.0.113.3"; })) << gateway();
}

constexpr const char* kTenThousandRoutes =
    "for i in $(seq 0 39); do for j in $(seq 0 249); do echo route $ACTION 10.$i.$j.0/24 dev wan; done; done | ip "
    "-batch -";

TEST_F(KernelStateInNamespace, StaysConsistentThroughABurstOfTenThousandEvents) {
  bring_wan_up();
  const auto state = start();
  int calls = 0;
  state->on_change([&] { ++calls; });
  ASSERT_TRUE(shell(std::string{"ACTION=add\n"} + kTenThousandRoutes));
  EXPECT_TRUE(run_until(reactor_, [&] { return state->routes().size() == 10'001; })) << state->routes().size();
  EXPECT_EQ(state->overruns(), 0U);
  EXPECT_LT(calls, 1000) << "changes are reported once a turn, not once an event";
  ASSERT_TRUE(shell(std::string{"ACTION=del\n"} + kTenThousandRoutes));
  EXPECT_TRUE(run_until(reactor_, [&] { return state->routes().size() == 1; })) << state->routes().size();
}

TEST_F(KernelStateInNamespace, DumpsAfreshWhenNotificationsWereLost) {
  bring_wan_up();
  const auto state = start({.receive_buffer_bytes = 16 << 10});
  ASSERT_TRUE(shell(std::string{"ACTION=add\n"} + kTenThousandRoutes));
  EXPECT_TRUE(run_until(reactor_, [&] { return state->routes().size() == 10'001; })) << state->routes().size();
  EXPECT_GT(state->overruns(), 0U);
  ASSERT_TRUE(shell(std::string{"ACTION=del\n"} + kTenThousandRoutes));
  EXPECT_TRUE(run_until(reactor_, [&] { return state->routes().size() == 1; })) << state->routes().size();
}

TEST_F(KernelStateInNamespace, ResolverMakesAPeerKnown) {
  bring_wan_up();
  const auto state = start();
  auto resolver = Resolver::start(reactor_, *state);
  ASSERT_TRUE(resolver) << resolver.message();
  const int link = wan(*state);
  (*resolver)->want({{link, ip("203.0.113.1")}});
  EXPECT_TRUE(run_until(reactor_, [&] {
    const auto peer = state->neighbour(ip("203.0.113.1"), link);
    return peer && peer->usable() && peer->mac.to_string() == "02:00:00:00:00:02";
  }));
  EXPECT_EQ((*resolver)->asked_count(), 1U);
}

TEST_F(KernelStateInNamespace, ResolverMakesAPeerOfIpv6Known) {
  ASSERT_TRUE(far_.shell("ip addr add 2001:db8::1/64 dev far nodad"));
  bring_wan_up();
  ASSERT_TRUE(shell("ip addr add 2001:db8::2/64 dev wan nodad"));
  const auto state = start();
  auto resolver = Resolver::start(reactor_, *state);
  ASSERT_TRUE(resolver) << resolver.message();
  const int link = wan(*state);
  (*resolver)->want({{link, ip("2001:db8::1")}});
  EXPECT_TRUE(run_until(reactor_, [&] {
    const auto peer = state->neighbour(ip("2001:db8::1"), link);
    return peer && peer->usable() && peer->mac.to_string() == "02:00:00:00:00:02";
  }));
}

TEST_F(KernelStateInNamespace, ResolverAsksAgainForAPeerThatCameLateWithoutFlooding) {
  bring_wan_up();
  // The kernel gives up after 3 unanswered requests 10 ms apart.
  ASSERT_TRUE(shell("echo 10 >/proc/sys/net/ipv4/neigh/wan/retrans_time_ms"));
  const auto state = start();
  auto resolver = Resolver::start(reactor_, *state,
                                  {.first_retry = std::chrono::milliseconds{50},
                                   .longest_retry = std::chrono::milliseconds{200},
                                   .tick = std::chrono::milliseconds{5}});
  ASSERT_TRUE(resolver) << resolver.message();
  const int link = wan(*state);
  const auto usable = [&] {
    const auto peer = state->neighbour(ip("203.0.113.9"), link);
    return peer && peer->usable();
  };
  (*resolver)->want({{link, ip("203.0.113.9")}});
  EXPECT_TRUE(run_until(reactor_, [&] { return (*resolver)->asked_count() >= 3; }));
  EXPECT_FALSE(usable());
  ASSERT_TRUE(far_.shell("ip addr add 203.0.113.9/24 dev far"));
  box_.enter();
  const auto asked_before = (*resolver)->asked_count();
  EXPECT_TRUE(run_until(reactor_, usable));
  EXPECT_LE((*resolver)->asked_count(), asked_before + 3);
}

TEST_F(KernelStateInNamespace, ResolverHasAStaleEntryConfirmed) {
  bring_wan_up();
  ASSERT_TRUE(
      shell("echo 0 >/proc/sys/net/ipv4/neigh/wan/delay_first_probe_time\n"
            "ip neigh replace 203.0.113.1 lladdr 02:00:00:00:00:02 nud stale dev wan"));
  const auto state = start();
  const int link = wan(*state);
  const auto is = [&](NeighbourState wanted) {
    const auto peer = state->neighbour(ip("203.0.113.1"), link);
    return peer && peer->state == wanted;
  };
  EXPECT_TRUE(is(NeighbourState::kStale));
  auto resolver = Resolver::start(reactor_, *state);
  ASSERT_TRUE(resolver) << resolver.message();
  (*resolver)->want({{link, ip("203.0.113.1")}});
  EXPECT_TRUE(run_until(reactor_, [&] { return is(NeighbourState::kReachable); }));
}

TEST_F(KernelStateInNamespace, ResolverAsksForNothingOnALinkThatIsDown) {
  const auto state = start();
  auto resolver = Resolver::start(reactor_, *state,
                                  {.first_retry = std::chrono::milliseconds{10}, .tick = std::chrono::milliseconds{5}});
  ASSERT_TRUE(resolver) << resolver.message();
  const int link = wan(*state);
  (*resolver)->want({{link, ip("203.0.113.1")}});
  run_until(
      reactor_, [] { return false; }, std::chrono::milliseconds{60});
  EXPECT_EQ((*resolver)->asked_count(), 0U);
  bring_wan_up();
  EXPECT_TRUE(run_until(reactor_, [&] { return state->neighbour(ip("203.0.113.1"), link).has_value(); }));
}

TEST_F(KernelStateInNamespace, ConfiguratorSetsALinkUpTwiceWithoutComplaint) {
  auto opened = Configurator::open();
  ASSERT_TRUE(opened) << opened.message();
  Configurator& configurator = *opened;
  for (int round = 0; round < 2; ++round) {
    const auto mac = net::MacAddress::parse("02:00:00:00:0a:0b").value();
    for (const auto& result : {configurator.set_mac("wan", mac), configurator.set_mtu("wan", 1400),
                               configurator.set_up("wan"), configurator.add_address("wan", {ip("203.0.113.2"), 24}),
                               configurator.add_address("wan", {ip("2001:db8::2"), 64}),
                               configurator.replace_route("wan", {.prefix = net::IpPrefix::parse("0.0.0.0/0").value(),
                                                                 .gateway = ip("203.0.113.1")}),
                               configurator.replace_route("wan", {.prefix = net::IpPrefix::parse("::/0").value(),
                                                                 .gateway = ip("2001:db8::1")})}) {
      EXPECT_TRUE(result) << result.message();
    }
  }
  const auto state = start();
  EXPECT_EQ(state->link("wan")->mac.to_string(), "02:00:00:00:0a:0b");
  EXPECT_EQ(state->link("wan")->mtu, 1400U);
  EXPECT_TRUE(has_route(*state, "0.0.0.0/0"));
  EXPECT_TRUE(has_route(*state, "::/0"));
}

TEST_F(KernelStateInNamespace, ConfiguratorSetsIpv6AddressesThatHoldAtOnce) {
  auto configurator = Configurator::open();
  ASSERT_TRUE(configurator) << configurator.message();
  ASSERT_TRUE(configurator->set_up("wan"));
  ASSERT_TRUE(configurator->add_address("wan", {ip("2001:db8::2"), 64}));
  EXPECT_TRUE(shell("ip -6 addr show dev wan | grep -q '2001:db8::2/64 scope global nodad'"));
}

TEST_F(KernelStateInNamespace, ConfiguratorNamesPortAndSubjectOfWhatFailed) {
  auto configurator = Configurator::open();
  ASSERT_TRUE(configurator) << configurator.message();
  const auto missing = configurator->set_up("lan");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.message(), "port lan: set up: no such interface");
  const auto unreachable = configurator->replace_route(
      "wan", {.prefix = net::IpPrefix::parse("10.0.0.0/8").value(), .gateway = ip("192.0.2.1")});
  ASSERT_FALSE(unreachable);
  EXPECT_EQ(unreachable.message().find("port wan: set route 10.0.0.0/8 via 192.0.2.1: "), 0U) << unreachable.message();
}

TEST(BackOff, DoublesFromTheFirstToTheLongestWait) {
  using std::chrono::milliseconds;
  const auto wait = [](unsigned asked) { return back_off(asked, milliseconds{1000}, milliseconds{30000}).count(); };
  EXPECT_EQ(wait(1), 1000);
  EXPECT_EQ(wait(2), 2000);
  EXPECT_EQ(wait(5), 16000);
  EXPECT_EQ(wait(6), 30000);
  EXPECT_EQ(wait(4'000'000'000U), 30000);
}

}  // namespace
}  // namespace sluice::control::netlink
