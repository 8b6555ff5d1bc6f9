#pragma once
// Integers in network byte order as types of their own, so that a port in wire order cannot be mistaken for a number.
// And the one field of the wire that is in the other order: the checksum of SCTP.
//
// Alignment is 1: headers made of these can be laid over packet bytes at any offset.

#include <bit>
#include <cstdint>
#include <type_traits>

namespace sluice::net {

template <typename T>
class BigEndian {
 public:
  constexpr BigEndian() = default;
  constexpr explicit BigEndian(T host_value) : bytes_{std::bit_cast<Bytes>(swapped(host_value))} {}

  // The number in the CPU's own order.
  constexpr T host() const { return swapped(raw()); }
  // The bytes as they stand in memory, read as a number: for checksums and hashing, where order does not matter.
  constexpr T raw() const { return std::bit_cast<T>(bytes_); }
  static constexpr BigEndian from_raw(T raw_value) {
    BigEndian result;
    result.bytes_ = std::bit_cast<Bytes>(raw_value);
    return result;
  }

  friend constexpr bool operator==(BigEndian a, BigEndian b) { return a.raw() == b.raw(); }
  friend constexpr auto operator<=>(BigEndian a, BigEndian b) { return a.host() <=> b.host(); }

 private:
  struct Bytes {
    std::uint8_t byte[sizeof(T)];
  };
  static constexpr T swapped(T value) {
    if constexpr (std::endian::native == std::endian::big) {
      return value;
    } else if constexpr (sizeof(T) == 2) {
      return __builtin_bswap16(value);
    } else if constexpr (sizeof(T) == 4) {
      return __builtin_bswap32(value);
    } else {
      static_assert(sizeof(T) == 8);
      return __builtin_bswap64(value);
    }
  }
  Bytes bytes_{};
};

using Be16 = BigEndian<std::uint16_t>;
using Be32 = BigEndian<std::uint32_t>;
using Be64 = BigEndian<std::uint64_t>;

class Le32 {
 public:
  constexpr Le32() = default;
  constexpr explicit Le32(std::uint32_t value)
      : bytes_{static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8),
               static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 24)} {}
  constexpr std::uint32_t host() const {
    return std::uint32_t{bytes_[0]} | std::uint32_t{bytes_[1]} << 8 | std::uint32_t{bytes_[2]} << 16 |
           std::uint32_t{bytes_[3]} << 24;
  }
  friend constexpr bool operator==(const Le32&, const Le32&) = default;

 private:
  std::uint8_t bytes_[4] = {};
};
static_assert(sizeof(Le32) == 4 && alignof(Le32) == 1 && std::is_trivially_copyable_v<Le32>);

static_assert(sizeof(Be16) == 2 && alignof(Be16) == 1 && std::is_trivially_copyable_v<Be16>);
static_assert(sizeof(Be32) == 4 && alignof(Be32) == 1 && std::is_standard_layout_v<Be32>);

}  // namespace sluice::net
