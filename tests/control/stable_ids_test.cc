#include "control/stable_ids.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::control {
namespace {

using namespace std::chrono_literals;
using Ids = StableIds<std::string>;

constexpr auto kQuarantine = 100s;
const Ids::TimePoint kStart{1000s};

TEST(StableIds, CountsFromTheFirstNumber) {
  Ids ids{1, kQuarantine};
  EXPECT_EQ(ids.end(), 1U);
  EXPECT_EQ(ids.id_of("a", kStart), 1U);
  EXPECT_EQ(ids.id_of("b", kStart), 2U);
  EXPECT_EQ(ids.end(), 3U);
}

TEST(StableIds, GivesAKeyTheSameNumberAlways) {
  Ids ids{0, kQuarantine};
  const auto a = ids.id_of("a", kStart);
  ids.id_of("b", kStart);
  ids.keep_only({"a", "b"}, kStart + 1s);
  EXPECT_EQ(ids.id_of("a", kStart + 1000s), a);
}

TEST(StableIds, DoesNotGiveANumberAwayBeforeTheQuarantineIsOver) {
  Ids ids{0, kQuarantine};
  const auto a = ids.id_of("a", kStart);
  ids.keep_only({}, kStart);
  EXPECT_NE(ids.id_of("b", kStart + 99s), a);
  EXPECT_EQ(ids.id_of("c", kStart + 100s), a);
  EXPECT_EQ(ids.end(), 2U);
}

TEST(StableIds, GivesAKeyThatComesBackANewNumber) {
  Ids ids{0, kQuarantine};
  const auto before = ids.id_of("a", kStart);
  ids.keep_only({}, kStart);
  EXPECT_NE(ids.id_of("a", kStart + 1s), before);
}

TEST(StableIds, GivesTheNumberThatRestedLongestFirst) {
  Ids ids{0, kQuarantine};
  const auto a = ids.id_of("a", kStart);
  const auto b = ids.id_of("b", kStart);
  ids.keep_only({"a"}, kStart);
  ids.keep_only({}, kStart + 50s);
  EXPECT_EQ(ids.id_of("c", kStart + 120s), b);
  EXPECT_NE(ids.id_of("d", kStart + 120s), a);  // Retired only 70 s ago.
  EXPECT_EQ(ids.id_of("e", kStart + 150s), a);
}

TEST(StableIds, NeverHasTwoKeysOfOneNumber) {
  Ids ids{0, kQuarantine};
  std::set<std::string> alive;
  for (int turn = 0; turn < 200; ++turn) {
    const auto now = kStart + turn * 10s;
    alive.insert("key" + std::to_string(turn));
    if (turn % 3 != 0) alive.erase(alive.begin());
    ids.keep_only(alive, now);
    std::set<std::uint32_t> numbers;
    for (const auto& key : alive) numbers.insert(ids.id_of(key, now));
    ASSERT_EQ(numbers.size(), alive.size());
  }
  EXPECT_LT(ids.end(), 200U);  // Some were used again.
}

}  // namespace
}  // namespace sluice::control
