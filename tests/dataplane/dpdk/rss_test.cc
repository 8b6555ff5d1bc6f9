#include "dataplane/dpdk/rss.h"

#include <gtest/gtest.h>
#include <rte_ethdev.h>

#include <algorithm>

#include "dataplane/dpdk/eal.h"

namespace sluice::dataplane::dpdk {
namespace {

constexpr RssCapabilities kNic{
    .types = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP, .key_bytes = 52, .table_entries = 512, .queues = 4};

RssPlan plan_for(RssCapabilities can, unsigned workers = 4) { return plan_rss(can, nat::Rss{workers, 3}); }

TEST(PlanRss, GivesANicOurKeyAndTable) {
  const nat::Rss rss{4, 3};
  const RssPlan plan = plan_rss(kNic, rss);
  EXPECT_EQ(plan.why_not, "");
  ASSERT_EQ(plan.key.size(), 52U);
  EXPECT_TRUE(std::equal(plan.key.begin(), plan.key.end(), rss.key().begin()));
  ASSERT_EQ(plan.table.size(), 512U);
  for (std::size_t entry = 0; entry < 512; ++entry) EXPECT_EQ(plan.table[entry], entry % 4);
  EXPECT_EQ(plan.types & kNic.types, plan.types);
}

TEST(PlanRss, SharesTheTableAmongAnyNumberOfWorkers) {
  for (const unsigned workers : {3U, 6U, 12U, 16U}) {
    auto can = kNic;
    can.queues = workers;
    can.table_entries = 128;
    const RssPlan plan = plan_for(can, workers);
    ASSERT_EQ(plan.table.size(), 128U);
    for (std::uint16_t queue = 0; queue < workers; ++queue) {
      EXPECT_GE(std::ranges::count(plan.table, queue), 128 / workers - 2) << queue << " of " << workers;
    }
  }
}

TEST(PlanRss, DoesNothingForOneWorker) {
  const RssPlan plan = plan_for(kNic, 1);
  EXPECT_EQ(plan.why_not, "");
  EXPECT_EQ(plan.types, 0U);
  EXPECT_TRUE(plan.table.empty());
}

struct Lacking {
  const char* why_not;
  void (*take_away)(RssCapabilities& can);
};

class PlanRssWithout : public testing::TestWithParam<Lacking> {};

TEST_P(PlanRssWithout, SaysWhyPacketsAreHandedOver) {
  auto can = kNic;
  GetParam().take_away(can);
  EXPECT_EQ(plan_for(can).why_not, GetParam().why_not);
}

INSTANTIATE_TEST_SUITE_P(
    All, PlanRssWithout,
    testing::Values(Lacking{"the device has one queue", [](RssCapabilities& can) { can.queues = 1; }},
                    Lacking{"the device has 2 queues", [](RssCapabilities& can) { can.queues = 2; }},
                    Lacking{"the device does not hash the ports of TCP and UDP in both families",
                            [](RssCapabilities& can) { can.types &= ~RTE_ETH_RSS_NONFRAG_IPV6_UDP; }},
                    Lacking{"the device has a key of 16 bytes", [](RssCapabilities& can) { can.key_bytes = 16; }},
                    Lacking{"the device has an indirection table of 0 entries",
                            [](RssCapabilities& can) { can.table_entries = 0; }}));

// net_null takes all of it, and tells it when asked.
TEST(SettleRss, AsksTheDeviceForKeyAndTable) {
  const auto eal = Eal::start({.file_prefix = "sluice-rss-test",
                               .hugepages = HugepageUse::kOff,
                               .memory_mb = 16,
                               .floating_workers = 1,
                               .pci_devices = {},
                               .vdevs = {"net_null0"},
                               .extra_args = {}});
  ASSERT_TRUE(eal) << eal.message();
  std::uint16_t device = 0;
  ASSERT_EQ(::rte_eth_dev_get_port_by_name("net_null0", &device), 0);
  rte_eth_dev_info info{};
  ASSERT_EQ(::rte_eth_dev_info_get(device, &info), 0);
  RssPlan plan = plan_for({.types = info.flow_type_rss_offloads,
                           .key_bytes = info.hash_key_size,
                           .table_entries = info.reta_size,
                           .queues = 4});
  ASSERT_EQ(plan.why_not, "");
  rte_eth_conf conf{};
  conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
  conf.rx_adv_conf.rss_conf = {
      .rss_key = plan.key.data(), .rss_key_len = static_cast<std::uint8_t>(plan.key.size()), .rss_hf = plan.types};
  ASSERT_EQ(::rte_eth_dev_configure(device, 4, 4, &conf), 0);
  ASSERT_EQ(::rte_eth_dev_rss_hash_update(device, &conf.rx_adv_conf.rss_conf), 0);
  EXPECT_EQ(settle_rss(device, plan), "");
  plan.key[7] ^= 1;
  EXPECT_EQ(settle_rss(device, plan), "the device did not take our RSS key");
}

}  // namespace
}  // namespace sluice::dataplane::dpdk
