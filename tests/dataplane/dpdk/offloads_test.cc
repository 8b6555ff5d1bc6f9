#include "dataplane/dpdk/offloads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::dataplane::dpdk {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Offloads kEverything{.receive = ~0ULL, .transmit = ~0ULL};
constexpr PortFacts kPlain{.frame_max = 1518, .buffer_room = 2048};

struct Case {
  const char* name;
  Offloads capabilities;
  PortFacts facts;
  std::vector<std::string> offloads;
};
void PrintTo(const Case& row, std::ostream* out) { *out << row.name; }

class OffloadsFor : public testing::TestWithParam<Case> {};

TEST_P(OffloadsFor, APortOnADevice) {
  EXPECT_EQ(names_of(offloads_for(GetParam().capabilities, GetParam().facts)), GetParam().offloads);
}

INSTANTIATE_TEST_SUITE_P(
    Table, OffloadsFor,
    testing::Values(Case{"nothing of a device that can nothing", {}, {.has_vlans = true, .frame_max = 9018}, {}},
                    Case{"the least of one that can everything", kEverything, kPlain, {"ipv4-checksum", "fast-free"}},
                    Case{"tags where there are VLANs",
                         kEverything,
                         {.has_vlans = true, .frame_max = 1518, .buffer_room = 2048},
                         {"vlan-strip", "vlan-insert", "ipv4-checksum", "fast-free"}},
                    Case{"tags as far as the device can: af_packet",
                         {.receive = RTE_ETH_RX_OFFLOAD_VLAN_STRIP,
                          .transmit = RTE_ETH_TX_OFFLOAD_MULTI_SEGS | RTE_ETH_TX_OFFLOAD_VLAN_INSERT},
                         {.has_vlans = true, .frame_max = 1518, .buffer_room = 2048},
                         {"vlan-strip", "vlan-insert"}},
                    Case{"tags on one way only",
                         {.receive = 0, .transmit = RTE_ETH_TX_OFFLOAD_VLAN_INSERT},
                         {.has_vlans = true, .frame_max = 1518, .buffer_room = 2048},
                         {"vlan-insert"}},
                    Case{"pieces where a frame is longer than a buffer",
                         kEverything,
                         {.frame_max = 9018, .buffer_room = 2048},
                         {"ipv4-checksum", "scatter", "fast-free"}},
                    Case{"no pieces where it just fits",
                         kEverything,
                         {.frame_max = 2048, .buffer_room = 2048},
                         {"ipv4-checksum", "fast-free"}},
                    Case{"no checks of what the kernel sends",
                         kEverything,
                         {.is_wire = false, .frame_max = 1518, .buffer_room = 2048},
                         {"fast-free"}}));

TEST(OffloadsFor, LetsNoDeviceComputeChecksumsOnSending) {
  constexpr std::uint64_t kComputed = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM |
                                      RTE_ETH_TX_OFFLOAD_UDP_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_TSO;
  EXPECT_EQ(offloads_for(kEverything, {.has_vlans = true}).transmit & kComputed, 0U);
}

TEST(NamesOf, TellWhatADeviceDoes) {
  EXPECT_THAT(names_of({}), IsEmpty());
  EXPECT_THAT(names_of({.receive = RTE_ETH_RX_OFFLOAD_RSS_HASH}), ElementsAre("rss-hash"));
}

TEST(LongestPacket, IsWhatADeviceReports) {
  EXPECT_EQ(longest_packet(1518, UINT16_MAX), 1500U) << "af_packet's word: plain Ethernet";
  EXPECT_EQ(longest_packet(1522, UINT16_MAX), 1504U) << "net_tap";
  EXPECT_EQ(longest_packet(9728, 9702), 9702U) << "i40e: room for two tags";
  EXPECT_EQ(longest_packet(UINT32_MAX, UINT16_MAX), 65535U) << "net_null, net_ring";
  EXPECT_EQ(longest_packet(0, UINT16_MAX), 0U);
}

}  // namespace
}  // namespace sluice::dataplane::dpdk
