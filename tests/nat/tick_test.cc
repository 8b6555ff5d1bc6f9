#include "nat/tick.h"

#include <gtest/gtest.h>

namespace sluice::nat {
namespace {

using namespace std::chrono_literals;

TEST(Tick, IsASixtiethOfASecondOrSo) {
  EXPECT_EQ(to_ticks(16'777'215ns), 0U);
  EXPECT_EQ(to_ticks(16'777'216ns), 1U);
  EXPECT_EQ(to_ticks(1h), 214'576U);
}

TEST(Tick, MeasuresAcrossTheWrap) {
  EXPECT_EQ(elapsed(5, ~Tick{0} - 4), 10U);
  EXPECT_EQ(elapsed(to_ticks(kTickLength * ((std::int64_t{1} << 32) + 7)), 0), 7U);
}

TEST(Tick, CountsAThenAheadOfNowAsNoTime) { EXPECT_EQ(elapsed(100, 101), 0U); }

// An idle flow may live a tick too long, but must not die early: RFC 5382 and 4787 give minimum times.
TEST(Tick, NeverEndsATimeoutEarly) {
  const Tick limit = timeout_ticks(5s);
  for (auto start = 0ns; start < 2 * kTickLength; start += kTickLength / 16) {
    EXPECT_LE(elapsed(to_ticks(start + 5s), to_ticks(start)), limit);
    EXPECT_GT(elapsed(to_ticks(start + 5s + 2 * kTickLength), to_ticks(start)), limit);
  }
}

}  // namespace
}  // namespace sluice::nat
