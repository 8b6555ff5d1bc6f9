#include "dataplane/dpdk/vlan.h"

#include "tests/dataplane/dpdk/frames.h"

namespace sluice::dataplane::dpdk {
namespace {

constexpr std::uint16_t kWire = 3;
constexpr std::uint16_t kLan = 7;  // VLAN 100.
const Bytes kAddresses{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
const Bytes kInside{0x08, 0x00, 0x45, 1, 2, 3, 4, 5};

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}
Bytes tag(unsigned control) {
  return {0x81, 0x00, static_cast<std::uint8_t>(control >> 8), static_cast<std::uint8_t>(control)};
}
const Bytes kPlain = kAddresses + kInside;
Bytes tagged(unsigned control) { return kAddresses + tag(control) + kInside; }

class Rim : public WithFrames {
 protected:
  Rim() { vlans_.add(100, kLan); }

  // As a device hands it over that has taken the tag off.
  rte_mbuf* stripped(std::uint16_t control) {
    rte_mbuf* made = frame(kPlain);
    made->vlan_tci = control;
    made->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
    return made;
  }
  static bool has_tag_beside(const rte_mbuf* frame) { return (frame->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0; }

  Vlans vlans_;
  VlanTraffic traffic_;
};

TEST_F(Rim, TakesATagOffAndNamesItsPort) {
  for (const unsigned priority : {0x0000U, 0xe000U, 0x1000U}) {
    rte_mbuf* in_the_frame = frame(tagged(priority | 100));
    EXPECT_EQ(vlans_.take_off(in_the_frame, kWire), kLan);
    EXPECT_EQ(bytes_of(in_the_frame), kPlain);
    rte_mbuf* beside = stripped(static_cast<std::uint16_t>(priority | 100));
    EXPECT_EQ(vlans_.take_off(beside, kWire), kLan);
    EXPECT_EQ(bytes_of(beside), kPlain);
    EXPECT_FALSE(has_tag_beside(beside));
  }
}

TEST_F(Rim, LeavesWhatHasNoTagToTheWire) {
  rte_mbuf* plain = frame(kPlain);
  EXPECT_EQ(vlans_.take_off(plain, kWire), kWire);
  EXPECT_EQ(bytes_of(plain), kPlain);
}

TEST_F(Rim, GivesFramesWithAPriorityOnlyToTheWireWithoutTheirTag) {
  rte_mbuf* in_the_frame = frame(tagged(0xa000));
  EXPECT_EQ(vlans_.take_off(in_the_frame, kWire), kWire);
  EXPECT_EQ(bytes_of(in_the_frame), kPlain);
  rte_mbuf* beside = stripped(0xa000);
  EXPECT_EQ(vlans_.take_off(beside, kWire), kWire);
  EXPECT_EQ(bytes_of(beside), kPlain);
}

TEST_F(Rim, LeavesIdsThatNobodyAskedForToTheWireWithTheirTag) {
  rte_mbuf* in_the_frame = frame(tagged(0x2065));
  EXPECT_EQ(vlans_.take_off(in_the_frame, kWire), kWire);
  EXPECT_EQ(bytes_of(in_the_frame), tagged(0x2065));
  rte_mbuf* beside = stripped(0x2065);
  EXPECT_EQ(vlans_.take_off(beside, kWire), kWire);
  EXPECT_EQ(bytes_of(beside), tagged(0x2065));
  EXPECT_FALSE(has_tag_beside(beside));
}

TEST_F(Rim, TakesOffTheOuterTagOnly) {
  rte_mbuf* twice = frame(kAddresses + tag(100) + tag(5) + kInside);
  EXPECT_EQ(vlans_.take_off(twice, kWire), kLan);
  EXPECT_EQ(bytes_of(twice), tagged(5));
}

TEST_F(Rim, ReadsNothingBehindAFrameThatEndsInItsTag) {
  for (std::size_t length = 12; length < 18; ++length) {
    Bytes cut = tagged(100);
    cut.resize(length);
    rte_mbuf* short_one = frame(cut);
    EXPECT_EQ(vlans_.take_off(short_one, kWire), kWire);
    EXPECT_EQ(bytes_of(short_one), cut);
  }
}

TEST_F(Rim, PutsTagsOnInSoftwareAndCounts) {
  std::vector<rte_mbuf*> sent{frame(kPlain), frame(kPlain)};
  VlanTag{.id = 100}.put_on(sent, traffic_);
  for (rte_mbuf* one : sent) EXPECT_EQ(bytes_of(one), tagged(100));
  EXPECT_EQ(traffic_.tx_packets.get(), 2U);
  EXPECT_EQ(traffic_.tx_bytes.get(), 2 * kPlain.size());
}

TEST_F(Rim, LeavesTagsToADeviceThatPutsThemOn) {
  std::vector<rte_mbuf*> sent{frame(kPlain)};
  VlanTag{.id = 100, .is_put_on_by_device = true}.put_on(sent, traffic_);
  EXPECT_EQ(bytes_of(sent[0]), kPlain);
  EXPECT_EQ(sent[0]->vlan_tci, 100);
  EXPECT_NE(sent[0]->ol_flags & RTE_MBUF_F_TX_VLAN, 0U);
  EXPECT_EQ(traffic_.tx_packets.get(), 1U);
}

TEST_F(Rim, SendsBackInAnotherVlanWhatCameInOne) {
  rte_mbuf* through = frame(tagged(0xe064));
  ASSERT_EQ(vlans_.take_off(through, kWire), kLan);
  std::vector<rte_mbuf*> sent{through};
  VlanTag{.id = 4094}.put_on(sent, traffic_);
  EXPECT_EQ(bytes_of(through), tagged(4094));
}

}  // namespace
}  // namespace sluice::dataplane::dpdk
