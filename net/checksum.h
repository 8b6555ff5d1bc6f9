#pragma once
// The Internet checksum (RFC 1071) and its incremental update (RFC 1624, equation 3).
//
// All sums are taken over 16-bit words as they stand in memory: the one's complement sum does not care about byte
// order.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "net/address.h"
#include "net/byte_order.h"

namespace sluice::net {

constexpr std::uint16_t fold(std::uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

// One's complement sum of bytes (not inverted), an odd last byte padded with zero.
inline std::uint16_t ones_sum(std::span<const std::uint8_t> bytes, std::uint64_t initial = 0) {
  std::uint64_t sum = initial;
  std::size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    std::uint32_t word;
    std::memcpy(&word, bytes.data() + i, 4);
    sum += word;
  }
  for (; i < bytes.size(); i += 2) {
    std::uint16_t word = 0;
    std::memcpy(&word, bytes.data() + i, i + 2 <= bytes.size() ? 2 : 1);
    sum += word;
  }
  return fold(sum);
}

// What a header's checksum field must hold; the field itself must be zero in `bytes`.
inline Be16 checksum(std::span<const std::uint8_t> bytes, std::uint64_t initial = 0) {
  return Be16::from_raw(static_cast<std::uint16_t>(~ones_sum(bytes, initial)));
}

// The one's complement sum of the TCP/UDP pseudo header (RFC 9293 3.1), to be the `initial` of the functions above.
inline std::uint64_t pseudo_header_sum(Ipv4Address source, Ipv4Address destination, std::uint8_t protocol,
                                       std::uint16_t l4_length) {
  return std::uint64_t{source.value.raw()} + destination.value.raw() + Be16{protocol}.raw() + Be16{l4_length}.raw();
}

inline std::uint64_t pseudo_header_sum(const Ipv6Address& source, const Ipv6Address& destination, std::uint8_t protocol,
                                       std::uint32_t l4_length) {
  const std::uint64_t addresses = std::uint64_t{ones_sum(source.bytes)} + ones_sum(destination.bytes);
  return addresses + Be16{protocol}.raw() + Be32{l4_length}.raw();
}

// A change of header fields, prepared once and applied to many packets: sum of (~old + new) over the changed words.
// `inverse()` undoes it: the other direction of a NAT binding needs no delta of its own.
class ChecksumDelta {
 public:
  constexpr ChecksumDelta() = default;
  constexpr ChecksumDelta& change(Be16 from, Be16 to) { return add(static_cast<std::uint16_t>(~from.raw()), to.raw()); }
  constexpr ChecksumDelta& change(Ipv4Address from, Ipv4Address to) { return add(~from.value.raw(), to.value.raw()); }
  ChecksumDelta& change(const Ipv6Address& from, const Ipv6Address& to) {
    return add(static_cast<std::uint16_t>(~ones_sum(from.bytes)), ones_sum(to.bytes));
  }
  constexpr ChecksumDelta& change(ChecksumDelta other) { return add(other.sum_, 0); }
  constexpr ChecksumDelta inverse() const { return ChecksumDelta{static_cast<std::uint16_t>(~sum_)}; }
  constexpr Be16 apply(Be16 old) const {
    return Be16::from_raw(
        static_cast<std::uint16_t>(~fold(std::uint64_t{static_cast<std::uint16_t>(~old.raw())} + sum_)));
  }

 private:
  constexpr explicit ChecksumDelta(std::uint16_t sum) : sum_{sum} {}
  constexpr ChecksumDelta& add(std::uint32_t a, std::uint32_t b) {
    sum_ = fold(std::uint64_t{sum_} + a + b);
    return *this;
  }
  std::uint16_t sum_ = 0;
};
static_assert(sizeof(ChecksumDelta) == 2);

}  // namespace sluice::net
