#include "nat/flow_index.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::nat {
namespace {

// Values are positions in the vector of hashes.
class Filled {
 public:
  Filled(std::size_t values_max, std::uint64_t seed) : index_{values_max}, random_{seed} {}

  bool add_one() {
    hashes_.push_back(random_());
    const auto value = static_cast<std::uint32_t>(hashes_.size() - 1);
    if (index_.insert(hashes_.back(), value, [this](std::uint32_t other) { return hashes_[other]; })) return true;
    hashes_.pop_back();
    return false;
  }
  bool has(std::uint32_t value) const {
    return index_.find(hashes_[value], [&](std::uint32_t found) { return found == value; }) == value;
  }
  void erase(std::uint32_t value) { index_.erase(hashes_[value], value); }
  std::size_t size() const { return hashes_.size(); }
  std::size_t slots() const { return index_.bucket_count() * IndexBucket::kSlots; }

 private:
  FlowIndex index_;
  std::mt19937_64 random_;
  std::vector<std::uint64_t> hashes_;
};

TEST(FlowIndex, FindsAndErasesAllEvenWhenFilledUntilItRefuses) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Filled index{10'000, seed};
    while (index.add_one()) {
    }
    EXPECT_GT(index.size(), index.slots() * 9 / 10) << "twice what is promised, and most of what there is";
    for (std::uint32_t value = 0; value < index.size(); ++value) ASSERT_TRUE(index.has(value));
    for (std::uint32_t value = 0; value < index.size(); ++value) {
      index.erase(value);
      ASSERT_FALSE(index.has(value));
      if (value + 1 < index.size()) {
        ASSERT_TRUE(index.has(value + 1));
      }
    }
  }
}

TEST(FlowIndex, GuessesTheValueOfNearlyEveryHashAtTheStatedNumber) {
  FlowIndex index{100'000};
  std::mt19937_64 random{5};
  std::vector<std::uint64_t> hashes;
  std::size_t guessed = 0;
  for (std::uint32_t value = 0; value < 100'000; ++value) {
    hashes.push_back(random());
    ASSERT_TRUE(index.insert(hashes.back(), value, [&](std::uint32_t other) { return hashes[other]; }));
  }
  for (std::uint32_t value = 0; value < 100'000; ++value) guessed += index.guess(hashes[value]) == value ? 1 : 0;
  EXPECT_GT(guessed, 99'700U);
}

TEST(FlowIndex, KeepsSeveralValuesUnderOneHash) {
  FlowIndex index{100};
  constexpr std::uint64_t kHash = 0x1234'5678'9abc'def0;
  const auto same = [](std::uint32_t) { return kHash; };
  for (std::uint32_t value = 0; value < 20; ++value) ASSERT_TRUE(index.insert(kHash, value, same));
  EXPECT_FALSE(index.insert(kHash, 20, same)) << "two buckets of ten";
  for (std::uint32_t value = 0; value < 20; ++value) {
    EXPECT_EQ(index.find(kHash, [&](std::uint32_t found) { return found == value; }), value);
  }
}

TEST(FlowIndex, FindsSlotsByTheirTag) {
  IndexBucket bucket{.tags = {7, 0, 5, 7, 0, 65'535, 7, 1, 3, 7}, .values = {}, .overflowed = 0};
  EXPECT_EQ(slots_with_tag(bucket, 7), (1U << 0) | (1U << 6) | (1U << 12) | (1U << 18));
  EXPECT_EQ(slots_with_tag(bucket, 65'535), 1U << 10);
  EXPECT_EQ(slots_with_tag(bucket, 9), 0U);
  EXPECT_EQ(first_slot(slots_with_tag(bucket, 5)), 2U);
}

}  // namespace
}  // namespace sluice::nat
