#include "lb/maglev_cache.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace sluice::lb {
namespace {

const std::vector<MaglevMember> kThree = {{1, 11, 1}, {2, 22, 2}, {3, 33, 1}};

TEST(MaglevCache, SharesOneTableBetweenEqualSets) {
  MaglevCache cache;
  const auto first = cache.get(kThree);
  auto reversed = kThree;
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(cache.get(reversed), first);
  EXPECT_EQ(cache.size(), 1U);
}

TEST(MaglevCache, KeepsTablesWithOtherWeightsOrIdsApart) {
  MaglevCache cache;
  const auto first = cache.get(kThree);
  auto heavier = kThree;
  heavier[0].weight = 5;
  auto renamed = kThree;
  renamed[0].id = 9;
  EXPECT_NE(cache.get(heavier), first);
  EXPECT_EQ(cache.get(renamed)->shares()[0].id, 9U);
}

TEST(MaglevCache, ForgetsATableThatNobodyHolds) {
  MaglevCache cache;
  cache.get(kThree);
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.get(kThree)->shares().size(), 3U);
}

}  // namespace
}  // namespace sluice::lb
