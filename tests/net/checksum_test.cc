#include "net/checksum.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

// RFC 1071 section 3: the words 0001 f203 f4f5 f6f7 sum to ddf2.
TEST(Checksum, MatchesTheExampleOfRfc1071) {
  const std::vector<std::uint8_t> bytes{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(checksum(bytes).host(), static_cast<std::uint16_t>(~0xddf2));
}

// RFC 1624 section 4: HC = dd2f, m = 5555 becomes 3285: the new checksum is 0000.
TEST(ChecksumDelta, MatchesTheExampleOfRfc1624) {
  const auto delta = ChecksumDelta{}.change(Be16{0x5555}, Be16{0x3285});
  EXPECT_EQ(delta.apply(Be16{0xdd2f}).host(), 0x0000);
}

TEST(Checksum, PadsAnOddByteWithZero) {
  const std::vector<std::uint8_t> odd{0x12, 0x34, 0x56}, even{0x12, 0x34, 0x56, 0x00};
  EXPECT_EQ(checksum(odd), checksum(even));
}

TEST(ChecksumDelta, EqualsRecomputationForRandomChanges) {
  std::mt19937 random{1};
  for (int round = 0; round < 10'000; ++round) {
    std::vector<std::uint8_t> bytes(40);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    const auto from = Ipv4Address{Be32::from_raw(static_cast<std::uint32_t>(random()))};
    const auto to = Ipv4Address{Be32::from_raw(static_cast<std::uint32_t>(random()))};
    std::memcpy(bytes.data() + 12, &from, 4);
    const Be16 with_from = checksum(bytes);
    std::memcpy(bytes.data() + 12, &to, 4);
    const Be16 with_to = checksum(bytes);
    const auto delta = ChecksumDelta{}.change(from, to);
    ASSERT_EQ(delta.apply(with_from), with_to);
    ASSERT_EQ(delta.inverse().apply(with_to), with_from);
  }
}

}  // namespace
}  // namespace sluice::net
