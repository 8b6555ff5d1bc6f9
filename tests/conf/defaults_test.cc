#include "conf/defaults.h"

#include <gtest/gtest.h>

#include "conf/config.pb.h"

namespace sluice::conf {
namespace {

TEST(Defaults, FillEverythingThatWasLeftOut) {
  Config config;
  config.add_ports()->set_name("wan");
  config.add_pools();
  config.add_clusters();
  apply_defaults(config);
  EXPECT_EQ(config.ShortDebugString(),
            R"(state_dir: "/var/lib/sluice" admin_socket: "/run/sluice/admin.sock" )"
            R"(dpdk { memory_mb: 128 file_prefix: "sluice" } )"
            R"(workers { count: 1 flows_max: 1000000 idle_sleep: "200us" refusals: 1000 } )"
            R"(ports { name: "wan" mtu: 1500 tap: "sl-wan" announce_vips: true } )"
            R"(snat { ports: "32768-65535" } pools { auto_assign: true } )"
            R"(clusters { load_balancer_classes: "sluice.dev/edge" } )"
            R"(timeouts { tcp_syn: "5s" tcp_established: "2h4m" tcp_half_closed: "120s" tcp_closing: "10s" )"
            R"(udp_unreplied: "30s" udp_replied: "180s" dns_unreplied: "10s" dns_replied: "5s" )"
            R"(drain: "0" lost_node: "20s" )"
            R"(sctp_init: "5s" sctp_established: "210s" sctp_shutdown: "60s" sctp_closed: "10s" } )"
            R"(health { enabled: true interval: "1s" timeout: "1s" rise: 1 fall: 2 })");
}

TEST(Defaults, TakeMemoryByPortsWorkersAndMtu) {
  const auto memory = [](unsigned ports, unsigned workers, unsigned mtu) {
    Config config;
    config.mutable_workers()->set_count(workers);
    for (unsigned i = 0; i < ports; ++i) config.add_ports()->set_mtu(mtu);
    apply_defaults(config);
    return config.dpdk().memory_mb();
  };
  EXPECT_EQ(memory(2, 1, 1500), 128U);
  EXPECT_EQ(memory(2, 4, 1500), 242U);  // 49,152 buffers of 2,176 bytes are 102 of it; 185 were too few.
  EXPECT_EQ(memory(2, 1, 9000), 296U);  // 12,288 buffers of 16,512 bytes are 194 of it.
  EXPECT_GT(memory(16, 16, 9000), 15'000U);
}

TEST(Defaults, GiveAVlanTheMtuOfItsPortAndMemoryForItsTapAlone) {
  Config config;
  Port& vlan = *config.add_ports();
  vlan.mutable_vlan()->set_port("wan");
  Port& wan = *config.add_ports();
  wan.set_name("wan");
  wan.set_mtu(9000);
  config.mutable_workers()->set_count(2);
  apply_defaults(config);
  EXPECT_EQ(config.ports(0).mtu(), 9000U);
  EXPECT_EQ(config.dpdk().memory_mb(), 399U);
  EXPECT_FALSE(config.ports(0).has_driver());
}

TEST(Defaults, ChangeNothingThatWasSaid) {
  Config config;
  config.mutable_workers()->set_idle_sleep("0");
  Port& port = *config.add_ports();
  port.set_announce_vips(false);
  port.set_tap("wire0");
  config.add_pools()->set_auto_assign(false);
  apply_defaults(config);
  EXPECT_EQ(config.workers().idle_sleep(), "0");
  EXPECT_FALSE(config.ports(0).announce_vips());
  EXPECT_EQ(config.ports(0).tap(), "wire0");
  EXPECT_FALSE(config.pools(0).auto_assign());
}

TEST(Defaults, GiveADriverToInterfacesOnly) {
  Config config;
  config.add_ports()->set_device("interface:eth1");
  config.add_ports()->set_device("vdev:net_null0");
  apply_defaults(config);
  EXPECT_EQ(config.ports(0).driver(), DRIVER_AF_PACKET);
  EXPECT_TRUE(config.ports(0).has_driver());
  EXPECT_FALSE(config.ports(1).has_driver());
}

TEST(Defaults, CountAWorkerForEachCpu) {
  Config config;
  config.mutable_workers()->add_cpus(2);
  config.mutable_workers()->add_cpus(3);
  apply_defaults(config);
  EXPECT_EQ(config.workers().count(), 2U);
}

TEST(Defaults, AreTheSameWhenAppliedAgain) {
  Config config;
  config.add_clusters();
  apply_defaults(config);
  const std::string once = config.ShortDebugString();
  apply_defaults(config);
  EXPECT_EQ(config.ShortDebugString(), once);
}

}  // namespace
}  // namespace sluice::conf
