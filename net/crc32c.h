#pragma once
// The CRC32c of SCTP (RFC 9260 appendix A): over the common header with zeros in its checksum, and all chunks.
//
// A NAT changes the ports alone, and a CRC is linear: the CRC of a packet with other ports is the CRC that it had, XOR
// one that hangs on the changed bits and on the packet's length only. So nothing behind the ports is read, a right
// checksum stays right, and a wrong one stays wrong, by the same bits.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "net/headers.h"

namespace sluice::net {

// Takes bytes into a CRC that began with ~0 and is inverted at its end.
std::uint32_t crc32c_continued(std::uint32_t state, std::span<const std::uint8_t> bytes);
// The same where the CPU has no instruction for it (SSE4.2).
std::uint32_t crc32c_by_table(std::uint32_t state, std::span<const std::uint8_t> bytes);

inline std::uint32_t crc32c(std::span<const std::uint8_t> bytes) { return ~crc32c_continued(~std::uint32_t{0}, bytes); }

// What XOR does to the CRC of `length` bytes (4 to 65,535) what XOR `change` does to the first four of them, read as a
// Le32.
std::uint32_t crc32c_change(std::uint32_t change, std::size_t length);

// What the checksum of a packet must be. At least a header; what stands in its checksum does not count.
Le32 sctp_checksum(std::span<const std::uint8_t> packet);

// For a packet of `length` bytes, of which no more than the header needs to be there, whose ports change.
inline void change_sctp_checksum(SctpHeader& header, Ports before, Ports after, std::size_t length) {
  const std::uint32_t change = std::bit_cast<Le32>(before).host() ^ std::bit_cast<Le32>(after).host();
  if (change != 0) header.checksum = Le32{header.checksum.host() ^ crc32c_change(change, length)};
}

}  // namespace sluice::net
