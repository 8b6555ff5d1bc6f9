#include "control/options.h"

#include <gtest/gtest.h>

#include "conf/config.pb.h"

namespace sluice::control {
namespace {

constexpr const char* kOnAStick = R"(
ports:
  - {name: lan, vlan: {port: trunk, id: 20}, addresses: [10.20.0.2/24], announce_vips: false}
  - {name: trunk, device: "interface:eth1", mtu: 9000}
  - {name: wan, vlan: {port: trunk, id: 10}, mtu: 1500}
snat: {addresses: [10.20.0.2]}
pools: [{name: public, ranges: [203.0.113.64/26]}]
clusters: [{name: edge, kubeconfig: /k}]
)";

TEST(Options, PutVlansOnTheWireOfTheirPortInAnyOrder) {
  Configuration configuration{.file = conf::load(kOnAStick)};
  ASSERT_TRUE(configuration.file.problems.empty());
  const Options options = make_options(std::move(configuration));
  const auto& ports = options.forwarder.ports;
  ASSERT_EQ(ports.size(), 3U);
  EXPECT_FALSE(ports[1].vlan);
  for (const std::size_t vlan : {0U, 2U}) {
    ASSERT_TRUE(ports[vlan].vlan);
    EXPECT_EQ(ports[vlan].vlan->port, 1U);
    EXPECT_EQ(ports[vlan].device, ports[1].device);
    EXPECT_EQ(ports[vlan].interface, "eth1");
  }
  EXPECT_EQ(ports[0].vlan->id, 20);
  EXPECT_EQ(ports[2].vlan->id, 10);
  EXPECT_EQ(options.forwarder.eal.vdevs.size(), 1U) << "one wire, one device";
}

TEST(Options, GiveAVlanAKernelsSideOfItsOwn) {
  const Options options = make_options({.file = conf::load(kOnAStick)});
  ASSERT_EQ(options.ports.size(), 3U);
  EXPECT_EQ(options.ports[0].tap, "sl-lan");
  EXPECT_EQ(options.ports[0].mtu, 9000);
  EXPECT_EQ(options.ports[0].addresses.size(), 1U);
  EXPECT_FALSE(options.ports[0].announces_vips);
  EXPECT_EQ(options.ports[2].mtu, 1500);
}

}  // namespace
}  // namespace sluice::control
