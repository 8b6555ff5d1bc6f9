// The judges themselves: what is right passes, and each thing that they are there to find is found.

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/cases/case.h"
#include "tests/packets/guarded_memory.h"
#include "tests/packets/mutator.h"
#include "tests/packets/receiver.h"

namespace sluice::packets {
namespace {

// The header of a widely used example (its checksum is b861), around a datagram without a checksum.
Bytes known_datagram() {
  Bytes frame(14 + 0x73);
  const Bytes header{0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                     0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
  std::ranges::copy(header, frame.begin() + 14);
  write16(frame, 12, 0x0800);
  return frame;
}

Bytes datagram_over_ipv6() {
  Bytes frame(14 + 40 + 8 + 5);
  write16(frame, 12, 0x86dd);
  frame[14] = 0x60;
  write16(frame, 18, 8 + 5);
  frame[20] = 17;
  frame[22] = 0x20;
  frame[38] = 0xfd;
  write16(frame, 54 + 4, 8 + 5);
  make_right(frame);
  return frame;
}

TEST(Receiver, KnowsTheChecksumOfAKnownHeader) {
  Bytes frame = known_datagram();
  EXPECT_TRUE(accepts(frame));
  frame[14 + 10] ^= 1;
  EXPECT_FALSE(accepts(frame));
}

TEST(Receiver, FindsEveryBrokenBitThatAChecksumCovers) {
  for (const Bytes& right : {cases::bytes_of(cases::from_client(80, net::kTcpSyn)), datagram_over_ipv6()}) {
    ASSERT_TRUE(accepts(right));
    const auto layout = layout_of(right).value();
    for (std::size_t at = layout.addresses; at < right.size(); ++at) {
      Bytes broken = right;
      broken[at] ^= 0x04;
      EXPECT_FALSE(accepts(broken)) << "byte " << at;
    }
  }
}

TEST(Receiver, AnswersWithAFrameThatIsAsRightAsTheQuestion) {
  const Bytes frame = cases::bytes_of(cases::from_client(80, net::kTcpSyn));
  EXPECT_TRUE(accepts(mirrored(frame)));
  EXPECT_NE(mirrored(frame), frame);
  EXPECT_EQ(mirrored(mirrored(frame)), frame);
}

TEST(GuardedMemory, NoticesAByteWrittenOnTheOpenSide) {
  GuardedMemory memory;
  std::uint8_t* const at_end = memory.place(Bytes(60), Side::kEnd);
  EXPECT_TRUE(memory.is_intact());
  at_end[-1] = 0;
  EXPECT_FALSE(memory.is_intact());
  std::uint8_t* const at_begin = memory.place(Bytes(60), Side::kBegin);
  at_begin[60] = 0;
  EXPECT_FALSE(memory.is_intact());
}

TEST(GuardedMemoryDeathTest, EndsWhoReadsPastTheGuardedSide) {
  GuardedMemory memory;
  const volatile std::uint8_t* const at_end = memory.place(Bytes(60), Side::kEnd);
  EXPECT_DEATH(static_cast<void>(at_end[60]), "");
  const volatile std::uint8_t* const at_begin = memory.place(Bytes(60), Side::kBegin);
  EXPECT_DEATH(static_cast<void>(at_begin[-1]), "");
}

TEST(Mutator, MakesTheSameFramesOfTheSameSeed) {
  Mutator one{7}, same{7}, other{8};
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const Bytes frame = one.next();
    EXPECT_EQ(frame, same.next());
    differs |= frame != other.next();
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace sluice::packets
