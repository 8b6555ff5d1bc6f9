#include "tools/sluice/pcapng.h"

#include <bit>

#include <gtest/gtest.h>

namespace sluice::cli::pcapng {
namespace {

static_assert(std::endian::native == std::endian::little, "the bytes below are those of such a machine");

std::string hex(const std::string& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string all;
  for (const auto part : parts) all += part;
  return all;
}

TEST(Pcapng, BeginsWithASectionHeaderOfUnknownLength) {
  EXPECT_EQ(hex(section_header("sluice")), joined({"0a0d0d0a", "2c000000", "4d3c2b1a", "01000000", "ffffffffffffffff",
                                                   "04000600", "736c75696365", "0000", "00000000", "2c000000"}));
}

TEST(Pcapng, DescribesAnEthernetInterfaceWithNanoseconds) {
  EXPECT_EQ(hex(interface_description("wan", 1518)),
            joined({"01000000", "28000000", "01000000", "ee050000", "02000300", "77616e00", "09000100", "09000000",
                    "00000000", "28000000"}));
}

TEST(Pcapng, WritesAPacketWithDirectionAndComment) {
  const Packet packet{.interface = 1,
                      .time_ns = 0x1122334455667788,
                      .length = 60,
                      .direction = Direction::kOutbound,
                      .bytes = "abcde",
                      .comment = "to_node"};
  EXPECT_EQ(hex(enhanced_packet(packet)), joined({"06000000", "40000000", "01000000", "44332211", "88776655",
                                                  "05000000", "3c000000", "6162636465000000", "02000400", "02000000",
                                                  "01000700", "746f5f6e6f646500", "00000000", "40000000"}));
}

TEST(Pcapng, MarksWhatComesIn) {
  const auto block = hex(enhanced_packet({.direction = Direction::kInbound, .bytes = "abcd"}));
  EXPECT_NE(block.find("0200040001000000"), std::string::npos) << block;
}

TEST(Pcapng, MakesBlocksOfWholeWordsWithTheirLengthAtBothEnds) {
  for (std::size_t length = 0; length < 9; ++length) {
    const std::string bytes(length, 'x'), comment(length, 'c');
    const auto block = enhanced_packet({.length = 9, .bytes = bytes, .comment = comment});
    EXPECT_EQ(block.size() % 4, 0U);
    EXPECT_EQ(block.substr(4, 4), block.substr(block.size() - 4));
    EXPECT_EQ(static_cast<unsigned char>(block[4]), block.size());
  }
}

}  // namespace
}  // namespace sluice::cli::pcapng
