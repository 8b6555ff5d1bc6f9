#include "dataplane/capture_ring.h"

#include <gtest/gtest.h>

#include "tests/dataplane/capture_world.h"

namespace sluice::dataplane {
namespace {

TEST(CaptureRing, GivesOutWhatWasPutInItsOrder) {
  CaptureRing ring{2, 4};
  EXPECT_EQ(ring.front(), nullptr);
  for (std::uint8_t round = 0; round < 5; ++round) {
    const cases::Bytes came{round, 1}, sent{round};
    ASSERT_TRUE(ring.put({.length = round}, {.came = came, .sent = sent}));
    ASSERT_NE(ring.front(), nullptr);
    EXPECT_EQ(ring.front()->length, round);
    EXPECT_EQ(copy(ring.front_bytes().came), came);
    EXPECT_EQ(copy(ring.front_bytes().sent), sent);
    ring.pop();
  }
  EXPECT_EQ(ring.front(), nullptr);
}

TEST(CaptureRing, TakesNoMoreThanItHasSlots) {
  CaptureRing ring{2, 4};
  EXPECT_TRUE(ring.put({.length = 1}, {}));
  EXPECT_TRUE(ring.put({.length = 2}, {}));
  EXPECT_FALSE(ring.put({.length = 3}, {}));
  ring.pop();
  EXPECT_TRUE(ring.put({.length = 4}, {}));
  EXPECT_EQ(ring.front()->length, 2);
}

TEST(CaptureRing, KeepsNoMoreBytesThanItsSlotsHold) {
  CaptureRing ring{2, 4};
  const cases::Bytes long_one{1, 2, 3, 4, 5, 6}, other(6, 9);
  ring.put({}, {.came = long_one, .sent = other});
  ring.put({}, {.came = other, .sent = other});
  EXPECT_EQ(copy(ring.front_bytes().came), (cases::Bytes{1, 2, 3, 4}));
  EXPECT_EQ(copy(ring.front_bytes().sent), (cases::Bytes{9, 9, 9, 9}));
}

}  // namespace
}  // namespace sluice::dataplane
