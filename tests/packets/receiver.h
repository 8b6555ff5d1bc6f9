#pragma once
// What a receiving host would say of a frame, by plain code that shares nothing with the code under test: octets,
// loops, and the words of RFC 791, 768, 9293, 792, 8200 and 9260.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sluice::packets {

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;

// Where the parts of a whole TCP, UDP, SCTP or ICMP packet stand, as offsets from the first byte of the frame.
struct Layout {
  std::size_t l3 = 0;
  std::size_t l4 = 0;
  std::size_t payload = 0;    // Behind the ports and the fixed header.
  std::size_t end = 0;        // Of the IP packet. What stands behind is padding of the link.
  std::size_t addresses = 0;  // Source, then destination.
  std::size_t address_size = 0;
  std::size_t checksum = 0;  // Of the transport: four bytes of SCTP, two of others.
  std::uint8_t protocol = 0;

  bool is_ipv4() const { return address_size == 4; }
  bool has_ports() const { return protocol == 6 || protocol == 17 || protocol == 132; }
};

// Nothing for all other frames: fragments, extension headers, headers that are cut off or contradict themselves.
std::optional<Layout> layout_of(View frame);

// All checksums are those that a host would accept. Only for frames that have a layout.
bool accepts(View frame);

// The one's complement sum of the transport with its pseudo header and its checksum: 0xffff when that is right. Not of
// SCTP.
std::uint16_t transport_sum(View frame, const Layout& layout);

// Puts the right checksums in. A frame without a layout stays as it is.
void make_right(Bytes& frame);

// The frame that a host would answer with if it echoed the bytes: addresses, ports and MAC addresses change places.
// All sums stay what they are, and that of SCTP as right or wrong as it is.
Bytes mirrored(Bytes frame);

std::uint16_t read16(View bytes, std::size_t offset);
void write16(Bytes& bytes, std::size_t offset, std::uint16_t value);

}  // namespace sluice::packets
