#include "lb/maglev.h"

#include <algorithm>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lb/maglev_fill.h"

namespace sluice::lb {
namespace {

using testing::ElementsAre;

std::vector<MaglevMember> members_of(std::span<const std::uint32_t> weights) {
  std::vector<MaglevMember> members;
  for (const std::uint32_t weight : weights) {
    const auto id = static_cast<BackendId>(members.size() + 1);
    members.push_back({.id = id, .identity = identity_of("node-" + std::to_string(id)), .weight = weight});
  }
  return members;
}

std::vector<BackendId> slots_of(const MaglevTable& table) {
  std::vector<BackendId> result;
  for (unsigned slot = 0; slot < table.slots(); ++slot) result.push_back(table.id_at(slot));
  return result;
}

std::size_t moved(const MaglevTable& before, const MaglevTable& after) {
  std::size_t count = 0;
  for (unsigned slot = 0; slot < before.slots(); ++slot) count += before.id_at(slot) != after.id_at(slot) ? 1 : 0;
  return count;
}

// The paper's tables have equal weights and neither phases nor strides: the k-th wishes of all come before any k+1st.
MaglevCandidate plain(std::uint32_t offset, std::uint32_t skip, std::uint32_t quota) {
  return {.offset = offset, .skip = skip, .quota = quota, .stride = kStrideMax, .phase = 0};
}

// Assigns by sorting all wishes: the definition, to check the fast way against.
std::vector<std::uint16_t> fill_by_sorting(std::span<const MaglevCandidate> candidates, unsigned slots) {
  struct Wish {
    std::uint64_t time;
    std::uint16_t candidate;
    std::uint32_t slot;
  };
  std::vector<Wish> wishes;
  std::vector<std::uint32_t> room;
  for (const MaglevCandidate& c : candidates) {
    for (std::uint64_t k = 0; k < slots; ++k) {
      wishes.push_back({c.phase + k * c.stride, static_cast<std::uint16_t>(room.size()),
                        static_cast<std::uint32_t>((c.offset + k * c.skip) % slots)});
    }
    room.push_back(c.quota);
  }
  std::stable_sort(wishes.begin(), wishes.end(), [](auto& a, auto& b) { return a.time < b.time; });
  std::vector<std::uint16_t> result(slots, 0xffff);
  for (const Wish& wish : wishes) {
    if (result[wish.slot] != 0xffff || room[wish.candidate] == 0) continue;
    result[wish.slot] = wish.candidate;
    --room[wish.candidate];
  }
  return result;
}

TEST(MaglevFill, GivesTableOneOfThePaper) {
  const MaglevCandidate three[] = {plain(3, 4, 3), plain(0, 2, 2), plain(3, 1, 2)};
  EXPECT_THAT(fill_maglev(three, 7), ElementsAre(1, 0, 1, 0, 2, 2, 0));
}

TEST(MaglevFill, GivesTableOneOfThePaperWithoutItsSecondBackend) {
  const MaglevCandidate two[] = {plain(3, 4, 4), plain(3, 1, 3)};
  EXPECT_THAT(fill_maglev(two, 7), ElementsAre(0, 0, 0, 0, 1, 1, 1));
}

// Envoy's hosts 127.0.0.1:90 to :95, offset and skip from xxHash64 of the name with seeds 0 and 1. Envoy, like the
// paper, lets a refused host try again within its turn, so host 3 gets slot 6 at once and the table ends in 0 3. Here
// host 0's second wish for that slot comes before host 3's second wish.
TEST(MaglevFill, DiffersFromEnvoysTableOnlyWhereAHostTriedAgain) {
  const MaglevCandidate six[] = {plain(2, 4, 2), plain(3, 6, 1), plain(0, 2, 1),
                                 plain(3, 3, 1), plain(1, 3, 1), plain(1, 5, 1)};
  EXPECT_THAT(fill_maglev(six, 7), ElementsAre(2, 4, 0, 1, 5, 3, 0));
}

TEST(MaglevFill, AgreesWithSortingAllWishes) {
  constexpr unsigned kSlots = 1009;
  std::mt19937 random{7};
  for (const std::size_t count : {1U, 2U, 9U, 40U, 200U, 1009U}) {
    std::vector<MaglevCandidate> candidates;
    for (std::size_t i = 0; i < count; ++i) {
      const auto weight = static_cast<std::uint32_t>(1 + random() % 7);
      candidates.push_back({.offset = static_cast<std::uint32_t>(random() % kSlots),
                            .skip = static_cast<std::uint32_t>(1 + random() % (kSlots - 1)),
                            .quota = static_cast<std::uint32_t>(kSlots / count),
                            .stride = kStrideMax / weight,
                            .phase = static_cast<std::uint32_t>(random() % (kStrideMax / weight))});
    }
    for (std::size_t i = 0; i < kSlots % count; ++i) ++candidates[i].quota;
    EXPECT_EQ(fill_maglev(candidates, kSlots), fill_by_sorting(candidates, kSlots)) << count << " candidates";
  }
}

TEST(MaglevTable, GivesExactSharesOfTheWeights) {
  const std::uint32_t weights[] = {1, 2, 3, 10, 100, 0, 7};
  const auto table = MaglevTable::build(members_of(weights));
  const auto shares = table->shares();
  ASSERT_EQ(shares.size(), 6U);  // The one without weight takes no part.
  for (const auto& share : shares) {
    EXPECT_NEAR(share.slots, kMaglevSlots * double{static_cast<double>(share.weight)} / 123, 1.0) << share.id;
  }
}

TEST(MaglevTable, GivesEqualWeightsCountsThatDifferByAtMostOne) {
  for (const std::size_t count : {1U, 2U, 3U, 10U, 999U}) {
    const auto shares = MaglevTable::build(members_of(std::vector<std::uint32_t>(count, 5)))->shares();
    const auto [least, most] =
        std::minmax_element(shares.begin(), shares.end(), [](auto& a, auto& b) { return a.slots < b.slots; });
    EXPECT_LE(most->slots - least->slots, 1U) << count;
  }
}

TEST(MaglevTable, DoesNotDependOnTheOrderOfMembers) {
  const std::uint32_t weights[] = {3, 1, 4, 1, 5, 9, 2, 6};
  auto members = members_of(weights);
  const auto sorted = slots_of(*MaglevTable::build(members));
  std::shuffle(members.begin(), members.end(), std::mt19937{1});
  EXPECT_EQ(slots_of(*MaglevTable::build(members)), sorted);
}

TEST(MaglevTable, DoesNotDependOnIds) {
  const std::uint32_t weights[] = {3, 1, 4, 1, 5, 9, 2, 6};
  const auto here = members_of(weights);
  auto there = here;
  for (MaglevMember& member : there) member.id = 1000 - member.id;
  auto translated = slots_of(*MaglevTable::build(there));
  for (BackendId& id : translated) id = 1000 - id;
  EXPECT_EQ(translated, slots_of(*MaglevTable::build(here)));
}

TEST(MaglevTable, DependsOnTheProportionOfWeightsNotOnTheirScale) {
  const std::uint32_t small[] = {1, 2, 3, 4};
  const std::uint32_t large[] = {16, 32, 48, 64};
  const auto table = MaglevTable::build(members_of(small));
  EXPECT_LE(moved(*table, *MaglevTable::build(members_of(large))), table->slots() / 1000);
}

TEST(MaglevTable, MovesLittleMoreThanTheSlotsOfAMemberThatLeft) {
  auto members = members_of(std::vector<std::uint32_t>(100, 1));
  const auto before = MaglevTable::build(members);
  members.erase(members.begin() + 41);
  const auto unavoidable = kMaglevSlots / 100;
  EXPECT_LE(moved(*before, *MaglevTable::build(members)), unavoidable + kMaglevSlots * 5 / 1000);
}

TEST(MaglevTable, MovesFewSlotsWhenOneWeightInAHundredChanges) {
  auto members = members_of(std::vector<std::uint32_t>(100, 6));
  const auto before = MaglevTable::build(members);
  members[17].weight = 7;
  EXPECT_LE(moved(*before, *MaglevTable::build(members)), kMaglevSlots * 35 / 10000);
}

TEST(MaglevTable, SelectsNobodyWhenThereIsNobody) {
  const auto table = MaglevTable::build({});
  EXPECT_TRUE(table->empty());
  EXPECT_EQ(table->select(0), kNoBackend);
  EXPECT_EQ(table->select(~std::uint64_t{0}), kNoBackend);
  EXPECT_TRUE(table->shares().empty());
}

TEST(MaglevTable, SelectsNobodyWhenNobodyHasWeight) {
  const std::uint32_t weights[] = {0, 0};
  EXPECT_EQ(MaglevTable::build(members_of(weights))->select(5), kNoBackend);
}

TEST(MaglevTable, ReachesFirstAndLastSlot) {
  const std::uint32_t weights[] = {1};
  const auto table = MaglevTable::build(members_of(weights));
  EXPECT_EQ(table->slot_of(0), 0U);
  EXPECT_EQ(table->slot_of(~std::uint64_t{0}), kMaglevSlots - 1);
  EXPECT_EQ(table->select(~std::uint64_t{0}), 1U);
}

TEST(MaglevTable, BearsExtremeWeights) {
  const std::uint32_t weights[] = {0xffffffff, 1, 0xffffffff, 70000};
  const auto shares = MaglevTable::build(members_of(weights))->shares();
  std::uint32_t total = 0;
  for (const auto& share : shares) total += share.slots;
  EXPECT_EQ(total, kMaglevSlots);
}

TEST(MaglevTable, TakesTheHeaviestOfMoreMembersThanItCanNumber) {
  std::vector<std::uint32_t> weights(kMaglevCandidatesMax + 100, 1);
  weights.back() = 2;
  const auto shares = MaglevTable::build(members_of(weights))->shares();
  ASSERT_EQ(shares.size(), kMaglevCandidatesMax);
  const auto heaviest = std::find_if(shares.begin(), shares.end(), [](auto& share) { return share.weight == 2; });
  ASSERT_NE(heaviest, shares.end());
  EXPECT_GE(heaviest->slots, 2U);
}

TEST(MaglevTable, NamesIdentitiesAlikeOnAllMachines) {
  EXPECT_EQ(identity_of("edge/192.0.2.11"), 16196391467988377890U);
}

}  // namespace
}  // namespace sluice::lb
