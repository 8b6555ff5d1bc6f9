#include "net/crc32c.h"

#include <array>
#include <cassert>
#include <cstring>

#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

namespace sluice::net {
namespace {

// Polynomials over GF(2) modulo that of CRC32c, as numbers with the coefficient of x^0 in the highest bit.
constexpr std::uint32_t kPolynomial = 0x82f63b78;
constexpr std::uint32_t kOne = 0x80000000;

constexpr std::uint32_t times_x(std::uint32_t a) { return a >> 1 ^ (kPolynomial & -(a & 1)); }

constexpr std::uint32_t times_x8(std::uint32_t a) {
  for (int i = 0; i < 8; ++i) a = times_x(a);
  return a;
}

using Table = std::array<std::uint32_t, 256>;

constexpr Table kByteOfState = [] {
  Table table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) table[i] = times_x8(i);
  return table;
}();

constexpr std::uint32_t by_a_byte(std::uint32_t state) { return state >> 8 ^ kByteOfState[state & 0xff]; }

// The four bytes of `a` side by side, and without a branch: its bits are as good as random.
constexpr std::uint32_t product(std::uint32_t a, std::uint32_t b) {
  std::array<std::uint32_t, 4> lanes{b};
  for (std::size_t i = 1; i < lanes.size(); ++i) lanes[i] = by_a_byte(lanes[i - 1]);
  std::uint32_t sum = 0;
  for (unsigned bit = 0; bit < 8; ++bit) {
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      sum ^= lanes[i] & -(a >> (31 - 8 * i - bit) & 1);
      lanes[i] = times_x(lanes[i]);
    }
  }
  return sum;
}

// By how many zero bytes follow: x^8 to the power of the index, and of 256 times the index.
constexpr Table kBytes = [] {
  Table table{kOne};
  for (std::size_t i = 1; i < table.size(); ++i) table[i] = times_x8(table[i - 1]);
  return table;
}();
constexpr Table kPages = [] {
  Table table{kOne};
  for (std::size_t i = 1; i < table.size(); ++i) table[i] = product(table[i - 1], times_x8(kBytes[255]));
  return table;
}();

}  // namespace

std::uint32_t crc32c_by_table(std::uint32_t state, std::span<const std::uint8_t> bytes) {
  for (const std::uint8_t byte : bytes) state = by_a_byte(state ^ byte);
  return state;
}

#ifdef __SSE4_2__
std::uint32_t crc32c_continued(std::uint32_t state, std::span<const std::uint8_t> bytes) {
  std::uint64_t wide = state;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), sizeof word);
    wide = _mm_crc32_u64(wide, word);
  }
  state = static_cast<std::uint32_t>(wide);
  for (const std::uint8_t byte : bytes) state = _mm_crc32_u8(state, byte);
  return state;
}
#else
std::uint32_t crc32c_continued(std::uint32_t state, std::span<const std::uint8_t> bytes) {
  return crc32c_by_table(state, bytes);
}
#endif

std::uint32_t crc32c_change(std::uint32_t change, std::size_t length) {
  assert(length >= 4 && length <= 0xffff);
  return product(product(change, kBytes[length & 0xff]), kPages[length >> 8]);
}

Le32 sctp_checksum(std::span<const std::uint8_t> packet) {
  constexpr std::size_t kAt = offsetof(SctpHeader, checksum);
  constexpr std::array<std::uint8_t, sizeof(SctpHeader::checksum)> kZeros{};
  std::uint32_t state = crc32c_continued(~std::uint32_t{0}, packet.first(kAt));
  state = crc32c_continued(state, kZeros);
  return Le32{~crc32c_continued(state, packet.subspan(sizeof(SctpHeader)))};
}

}  // namespace sluice::net
