#include "dataplane/dpdk/rss.h"

#include <rte_ethdev.h>

#include <algorithm>

namespace sluice::dataplane::dpdk {
namespace {

constexpr std::size_t kKeyBytesMin = 40;  // What IPv6 needs.

// Whose flows we own. Fragments and all else may come anywhere.
constexpr std::uint64_t kTypes = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV4_UDP |
                                 RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP;

using Table = std::vector<rte_eth_rss_reta_entry64>;

Table table_of(const RssPlan& plan) {
  Table table((plan.table.size() + RTE_ETH_RETA_GROUP_SIZE - 1) / RTE_ETH_RETA_GROUP_SIZE);
  for (std::size_t i = 0; i < plan.table.size(); ++i) {
    auto& group = table[i / RTE_ETH_RETA_GROUP_SIZE];
    group.mask |= std::uint64_t{1} << i % RTE_ETH_RETA_GROUP_SIZE;
    group.reta[i % RTE_ETH_RETA_GROUP_SIZE] = plan.table[i];
  }
  return table;
}

bool has_key(std::uint16_t device, const RssPlan& plan) {
  std::vector<std::uint8_t> key(plan.key.size());
  rte_eth_rss_conf told{};
  told.rss_key = key.data();
  told.rss_key_len = static_cast<std::uint8_t>(key.size());
  if (::rte_eth_dev_rss_hash_conf_get(device, &told) != 0) return false;
  return (told.rss_hf & kTypes) == kTypes && std::ranges::equal(key, plan.key);
}

bool has_table(std::uint16_t device, const RssPlan& plan) {
  const auto entries = static_cast<std::uint16_t>(plan.table.size());
  Table wanted = table_of(plan);
  if (::rte_eth_dev_rss_reta_update(device, wanted.data(), entries) != 0) return false;
  Table told = wanted;
  for (auto& group : told) std::fill(std::begin(group.reta), std::end(group.reta), std::uint16_t{0xffff});
  if (::rte_eth_dev_rss_reta_query(device, told.data(), entries) != 0) return false;
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t group = i / RTE_ETH_RETA_GROUP_SIZE, at = i % RTE_ETH_RETA_GROUP_SIZE;
    if (told[group].reta[at] != wanted[group].reta[at]) return false;
  }
  return true;
}

}  // namespace

RssPlan plan_rss(const RssCapabilities& can, const nat::Rss& rss) {
  RssPlan plan;
  if (rss.workers() == 1) return plan;
  if (can.queues < 2) return {.why_not = "the device has one queue"};
  plan.types = (kTypes | RTE_ETH_RSS_IP | RTE_ETH_RSS_SCTP) & can.types;
  if ((can.types & kTypes) != kTypes) {
    plan.why_not = "the device does not hash the ports of TCP and UDP in both families";
    return plan;
  }
  const std::size_t key_bytes = can.key_bytes == 0 ? kKeyBytesMin : can.key_bytes;
  if (key_bytes < kKeyBytesMin || key_bytes > rss.key().size()) {
    plan.why_not = "the device has a key of " + std::to_string(key_bytes) + " bytes";
    return plan;
  }
  plan.key.assign(rss.key().begin(), rss.key().begin() + static_cast<std::ptrdiff_t>(key_bytes));
  if (can.table_entries == 0 || can.table_entries % rss.buckets() != 0) {
    plan.why_not = "the device has an indirection table of " + std::to_string(can.table_entries) + " entries";
    return plan;
  }
  for (unsigned entry = 0; entry < can.table_entries; ++entry) {
    const unsigned worker = rss.worker_of_bucket(entry % rss.buckets());
    plan.table.push_back(static_cast<std::uint16_t>(worker % can.queues));
  }
  if (can.queues < rss.workers()) plan.why_not = "the device has " + std::to_string(can.queues) + " queues";
  return plan;
}

std::string settle_rss(std::uint16_t device, const RssPlan& plan) {
  if (!plan.why_not.empty() && plan.table.empty()) return plan.why_not;
  if (!plan.key.empty() && !has_key(device, plan)) return "the device did not take our RSS key";
  if (!plan.table.empty() && !has_table(device, plan)) return "the device did not take our indirection table";
  return plan.why_not;
}

}  // namespace sluice::dataplane::dpdk
