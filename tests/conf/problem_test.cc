#include "conf/problem.h"

#include <gtest/gtest.h>

namespace sluice::conf {
namespace {

TEST(Problem, IsShownAsCompilersDo) {
  EXPECT_EQ(to_string({14, 9, "pools[0].ranges[1]", "expected CIDR or FIRST-LAST, got '10.0.0'"}, "sluice.yaml"),
            "sluice.yaml:14:9: pools[0].ranges[1]: expected CIDR or FIRST-LAST, got '10.0.0'");
}

TEST(Problem, OfTheWholeFileHasNoLineOrPath) {
  EXPECT_EQ(to_string({0, 0, "", "cannot be read: Is a directory"}, "/etc"), "/etc: cannot be read: Is a directory");
}

TEST(Path, IsWithinItselfAndWhatContainsIt) {
  EXPECT_TRUE(is_within("pools[0].ranges[1]", "pools[0].ranges[1]"));
  EXPECT_TRUE(is_within("pools[0].ranges[1]", "pools"));
  EXPECT_TRUE(is_within("pools[0].ranges[1]", ""));
  EXPECT_FALSE(is_within("pools[0]", "pools[0].name"));
  EXPECT_FALSE(is_within("pools_more", "pools"));
}

TEST(Positions, FallBackToWhatContainsTheValue) {
  Positions positions;
  positions.set("pools[0]", {7, 5});
  positions.set("pools[0].name", {7, 11});
  EXPECT_EQ(positions.of("pools[0].name").column, 11);
  EXPECT_EQ(positions.of("pools[0].ranges[3]").line, 7);
  EXPECT_EQ(positions.of("pools[0].ranges[3]").column, 5);
  EXPECT_EQ(positions.of("ports").line, 1);
}

}  // namespace
}  // namespace sluice::conf
