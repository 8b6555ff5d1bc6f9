#include "nat/huge_memory.h"

#include <cstdint>
#include <utility>

#include <gtest/gtest.h>

namespace sluice::nat {
namespace {

TEST(HugeMemory, IsZeroedAndAligned) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{5'000}, std::size_t{3'000'000}, std::size_t{9'000'000}}) {
    const HugeMemory memory{bytes};
    ASSERT_GE(memory.bytes(), bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.data()) % 4096, 0U);
    const auto* byte = static_cast<const std::uint8_t*>(memory.data());
    for (std::size_t i = 0; i < memory.bytes(); i += 509) ASSERT_EQ(byte[i], 0);
  }
}

TEST(HugeMemory, IsAlignedToHugePagesWhereItHasThem) {
  const HugeMemory memory{std::size_t{3} << 20};
  if (memory.pages() == PageKind::kSmall) GTEST_SKIP() << "no huge pages of any kind here";
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.data()) % (std::size_t{2} << 20), 0U);
  EXPECT_EQ(memory.bytes(), std::size_t{4} << 20);
}

TEST(HugeMemory, MovesWithItsOwner) {
  HugeMemory memory{100};
  void* const data = memory.data();
  const HugeMemory taken{std::move(memory)};
  EXPECT_EQ(taken.data(), data);
}

}  // namespace
}  // namespace sluice::nat
