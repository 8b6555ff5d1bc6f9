#include "control/kube/percent.h"

#include <gtest/gtest.h>

namespace sluice::control::kube {
namespace {

TEST(PercentEncode, LeavesOnlyWhatNeedsNoEncoding) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a/b=c+d\xff"), "a%2Fb%3Dc%2Bd%FF");
}

}  // namespace
}  // namespace sluice::control::kube
