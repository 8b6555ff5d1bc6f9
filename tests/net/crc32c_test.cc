#include "net/crc32c.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes random_bytes(std::mt19937& random, std::size_t count) {
  Bytes bytes(count);
  std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>(random()); });
  return bytes;
}

// RFC 3720 appendix B.4, and the check value that every catalogue of CRCs has.
TEST(Crc32c, MatchesTheExamplesOfRfc3720) {
  Bytes ascending(32);
  std::iota(ascending.begin(), ascending.end(), std::uint8_t{0});
  const std::string_view digits = "123456789";
  EXPECT_EQ(crc32c(Bytes(32, 0x00)), 0x8a9136aaU);
  EXPECT_EQ(crc32c(Bytes(32, 0xff)), 0x62a8ab43U);
  EXPECT_EQ(crc32c(ascending), 0x46dd794eU);
  EXPECT_EQ(crc32c(Bytes(digits.begin(), digits.end())), 0xe3069283U);
}

TEST(Crc32c, IsTheSameWithAndWithoutTheInstruction) {
  std::mt19937 random{1};
  for (std::size_t length = 0; length < 300; ++length) {
    const Bytes bytes = random_bytes(random, length);
    const auto state = static_cast<std::uint32_t>(random());
    ASSERT_EQ(crc32c_continued(state, bytes), crc32c_by_table(state, bytes)) << length;
  }
}

TEST(Crc32cChange, EqualsRecomputationForEveryLength) {
  std::mt19937 random{2};
  const Bytes all = random_bytes(random, 0xffff);
  for (std::size_t length = 4; length <= all.size(); length += length < 1600 ? 1 : 97) {
    Bytes bytes(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(length));
    const std::uint32_t before = crc32c(bytes);
    const auto change = static_cast<std::uint32_t>(random());
    for (std::size_t i = 0; i < 4; ++i) bytes[i] ^= static_cast<std::uint8_t>(change >> 8 * i);
    ASSERT_EQ(crc32c(bytes), before ^ crc32c_change(change, length)) << length;
  }
}

// RFC 9260 appendix A: what the checksum holds counts as zeros, and the lowest byte is sent first.
TEST(SctpChecksum, CoversThePacketWithoutItself) {
  std::mt19937 random{3};
  Bytes packet = random_bytes(random, 100);
  const Le32 checksum = sctp_checksum(packet);
  std::fill_n(packet.begin() + 8, 4, std::uint8_t{0});
  EXPECT_EQ(checksum.host(), crc32c(packet));
  EXPECT_EQ(*reinterpret_cast<const std::uint8_t*>(&checksum), checksum.host() & 0xff);
}

TEST(SctpChecksum, StaysRightOrAsWrongAsItWasWhenPortsChange) {
  std::mt19937 random{4};
  for (int round = 0; round < 10'000; ++round) {
    Bytes packet = random_bytes(random, sizeof(SctpHeader) + random() % 1500);
    auto& header = *reinterpret_cast<SctpHeader*>(packet.data());
    const std::uint32_t wrong_by = round % 2 == 0 ? 0 : static_cast<std::uint32_t>(random());
    header.checksum = Le32{sctp_checksum(packet).host() ^ wrong_by};
    const Ports before{header.source_port, header.destination_port};
    header.source_port = Be16{static_cast<std::uint16_t>(random())};
    if (round % 3 != 0) header.destination_port = Be16{static_cast<std::uint16_t>(random())};
    change_sctp_checksum(header, before, {header.source_port, header.destination_port}, packet.size());
    ASSERT_EQ(header.checksum.host() ^ sctp_checksum(packet).host(), wrong_by);
  }
}

}  // namespace
}  // namespace sluice::net
