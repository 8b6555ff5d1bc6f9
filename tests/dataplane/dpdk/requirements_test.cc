#include "dataplane/dpdk/requirements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::dataplane::dpdk {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Host good_host() {
  return {.cpus = {0, 1},
          .cpu_count = 4,
          .interfaces = {{"eth0", 9000}, {"eth1", 0}},
          .has_net_admin = true,
          .has_net_raw = true,
          .tun_problem = ""};
}

PortOptions port(const char* name, const char* interface) {
  PortOptions made;
  made.name = name;
  made.interface = interface;
  made.tap = name;
  return made;
}

ForwarderOptions two_ports() {
  ForwarderOptions options;
  options.eal.worker_cpus = {0, 1};
  options.ports = {port("wan", "eth0"), port("lan", "eth1")};
  return options;
}

TEST(Requirements, AreMetByAHostThatHasEverything) { EXPECT_THAT(missing(two_ports(), good_host()), IsEmpty()); }

TEST(Requirements, TellACpuThatIsNotThereFromOneThatIsNotAllowed) {
  auto options = two_ports();
  options.eal.worker_cpus = {1, 2, 7};
  EXPECT_THAT(missing(options, good_host()), ElementsAre("workers.cpus: CPU 2 is not allowed; this process may use 0-1",
                                                         "workers.cpus: CPU 7 is not there; this process may use 0-1"));
}

TEST(Requirements, NameThePortWhoseInterfaceIsNotThere) {
  auto host = good_host();
  host.interfaces.erase("eth1");
  EXPECT_THAT(missing(two_ports(), host), ElementsAre("port lan: interface eth1 is not there"));
}

TEST(Requirements, TellThePortWhoseInterfaceTakesNoPacketsOfThatLength) {
  auto options = two_ports();
  for (auto& port : options.ports) port.mtu = 9000;
  EXPECT_THAT(missing(options, good_host()), IsEmpty()) << "eth1 does not say";
  options.ports[0].mtu = 9001;
  EXPECT_THAT(missing(options, good_host()), ElementsAre("port wan: mtu 9001: interface eth0 takes 9000 at most"));
}

TEST(Requirements, AskForTheInterfaceOfAVlanOnce) {
  auto options = two_ports();
  options.ports[1].interface = "eth0";
  options.ports[1].vlan = {.port = 0, .id = 5};
  auto host = good_host();
  host.interfaces.clear();
  EXPECT_THAT(missing(options, host), ElementsAre("port wan: interface eth0 is not there"));
}

TEST(Requirements, CountWiresAndTaps) {
  auto host = good_host();
  host.devices_max = 4;
  auto options = two_ports();
  EXPECT_THAT(missing(options, host), IsEmpty());
  options.ports.push_back(port("dmz", ""));
  options.ports.back().vlan = {.port = 0, .id = 5};
  EXPECT_THAT(missing(options, host), ElementsAre("ports: 5 wires and TAPs, but this DPDK takes 4 at most"));
}

TEST(Requirements, NameEveryPortThatACapabilityIsMissingFor) {
  auto host = good_host();
  host.has_net_raw = false;
  EXPECT_THAT(missing(two_ports(), host),
              ElementsAre("port wan: interface eth0 needs CAP_NET_RAW, which this process does not have",
                          "port lan: interface eth1 needs CAP_NET_RAW, which this process does not have"));
  host = good_host();
  host.has_net_admin = false;
  EXPECT_THAT(missing(two_ports(), host),
              ElementsAre("port wan: TAP wan needs CAP_NET_ADMIN, which this process does not have",
                          "port lan: TAP lan needs CAP_NET_ADMIN, which this process does not have"));
}

TEST(Requirements, SayWhyTapsCannotBeMade) {
  auto host = good_host();
  host.tun_problem = "No such file or directory";
  auto options = two_ports();
  options.ports.pop_back();
  EXPECT_THAT(missing(options, host), ElementsAre("port wan: TAP wan needs /dev/net/tun: No such file or directory"));
}

TEST(Requirements, AskNothingOfTheKernelForADeviceOfDpdkWithoutATap) {
  ForwarderOptions options;
  options.ports.emplace_back();
  EXPECT_THAT(missing(options, Host{}), IsEmpty());
}

TEST(CpuList, WritesNeighboursAsRanges) {
  EXPECT_EQ(cpu_list({}), "");
  EXPECT_EQ(cpu_list({5}), "5");
  EXPECT_EQ(cpu_list({0, 1, 2, 3, 8}), "0-3,8");
  EXPECT_EQ(cpu_list({1, 3, 4}), "1,3-4");
}

}  // namespace
}  // namespace sluice::dataplane::dpdk
