#include "control/kube/pace.h"

#include <gtest/gtest.h>

namespace sluice::control::kube {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, DoublesUpToItsLimitAndBeginsAnew) {
  Pace pace;
  pace.random = [] { return 0.0; };
  Backoff backoff{milliseconds{800}, milliseconds{3'000}};
  EXPECT_EQ(backoff.next(pace), milliseconds{800});
  EXPECT_EQ(backoff.next(pace), milliseconds{1'600});
  EXPECT_EQ(backoff.next(pace), milliseconds{3'000});
  EXPECT_EQ(backoff.next(pace), milliseconds{3'000});
  backoff.reset();
  pace.random = [] { return 0.5; };
  EXPECT_EQ(backoff.next(pace), milliseconds{1'200});
}

TEST(Pace, WritesTimesAsTheApiDoes) {
  Pace pace;
  pace.wall_clock = [] { return std::chrono::system_clock::from_time_t(1'714'564'800); };
  EXPECT_EQ(pace.timestamp(), "2024-05-01T12:00:00Z");
}

}  // namespace
}  // namespace sluice::control::kube
