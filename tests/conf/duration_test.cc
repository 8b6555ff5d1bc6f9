#include "conf/duration.h"

#include <gtest/gtest.h>

namespace sluice::conf {
namespace {

using namespace std::chrono_literals;

TEST(Duration, IsASumOfNumbersWithUnits) {
  EXPECT_EQ(parse_duration("50us"), 50us);
  EXPECT_EQ(parse_duration("7ns"), 7ns);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("120s"), 120s);
  EXPECT_EQ(parse_duration("2h4m"), 124min);
  EXPECT_EQ(parse_duration("1d1s"), 24h + 1s);
  EXPECT_EQ(parse_duration("0s"), 0s);
}

TEST(Duration, NeedsNoUnitForZero) { EXPECT_EQ(parse_duration("0"), 0s); }

TEST(Duration, RefusesEverythingElse) {
  for (const char* text : {"", "5", "s", "-5s", "5 s", "5x", "1.5s", "5s ", "2h4", "5S", "00"}) {
    const auto duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(duration.message(), std::string{"expected a duration like 50us, 5s or 2h4m, got '"} + text + "'");
  }
}

TEST(Duration, DoesNotOverflow) {
  EXPECT_EQ(parse_duration("9223372036854775807ns"), std::chrono::nanoseconds::max());
  EXPECT_EQ(parse_duration("9223372036854775807ns1ns").message(),
            "duration: '9223372036854775807ns1ns' is more than 292 years");
  EXPECT_EQ(parse_duration("106752d").message(), "duration: '106752d' is more than 292 years");
  EXPECT_FALSE(parse_duration("99999999999999999999s"));
}

}  // namespace
}  // namespace sluice::conf
