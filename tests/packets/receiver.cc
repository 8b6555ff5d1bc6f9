#include "tests/packets/receiver.h"

#include <algorithm>

namespace sluice::packets {
namespace {

constexpr std::size_t kEthernet = 14;
constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmpv6 = 58, kSctp = 132;

std::uint16_t sum_of(View bytes, std::uint32_t begin = 0) {
  std::uint32_t sum = begin;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? bytes[i] * 256U : bytes[i];
    sum = (sum & 0xffff) + (sum >> 16);  // "End around carry" (RFC 1071).
  }
  return static_cast<std::uint16_t>(sum);
}

std::optional<Layout> network_layout(View frame) {
  if (frame.size() < kEthernet + 20) return std::nullopt;
  const std::uint16_t type = read16(frame, 12);
  Layout layout{.l3 = kEthernet};
  if (type == 0x0800 && frame[kEthernet] >> 4 == 4) {
    if ((read16(frame, kEthernet + 6) & 0x3fff) != 0) return std::nullopt;
    layout.l4 = kEthernet + (frame[kEthernet] & 15U) * 4U;
    layout.end = kEthernet + read16(frame, kEthernet + 2);
    layout.addresses = kEthernet + 12;
    layout.address_size = 4;
    layout.protocol = frame[kEthernet + 9];
    if (layout.l4 < kEthernet + 20) return std::nullopt;
  } else if (type == 0x86dd && frame[kEthernet] >> 4 == 6 && frame.size() >= kEthernet + 40) {
    layout.l4 = kEthernet + 40;
    layout.end = layout.l4 + read16(frame, kEthernet + 4);
    layout.addresses = kEthernet + 8;
    layout.address_size = 16;
    layout.protocol = frame[kEthernet + 6];
  } else {
    return std::nullopt;
  }
  return layout.end <= frame.size() && layout.l4 <= layout.end ? std::optional{layout} : std::nullopt;
}

// RFC 9260 appendix A: over the packet with zeros for the checksum, whose lowest byte comes first.
std::uint32_t sctp_crc(View frame, const Layout& layout) {
  std::uint32_t crc = 0xffffffff;
  for (std::size_t i = layout.l4; i < layout.end; ++i) {
    crc ^= i >= layout.checksum && i < layout.checksum + 4 ? 0 : frame[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
  }
  return ~crc;
}

std::uint32_t read_crc(View frame, const Layout& layout) {
  std::uint32_t crc = 0;
  for (std::size_t i = 0; i < 4; ++i) crc |= std::uint32_t{frame[layout.checksum + i]} << 8 * i;
  return crc;
}

void write_crc(Bytes& frame, const Layout& layout, std::uint32_t crc) {
  for (std::size_t i = 0; i < 4; ++i) frame[layout.checksum + i] = static_cast<std::uint8_t>(crc >> 8 * i);
}

}  // namespace

std::uint16_t read16(View bytes, std::size_t offset) {
  return static_cast<std::uint16_t>(bytes[offset] << 8 | bytes[offset + 1]);
}

void write16(Bytes& bytes, std::size_t offset, std::uint16_t value) {
  bytes[offset] = static_cast<std::uint8_t>(value >> 8);
  bytes[offset + 1] = static_cast<std::uint8_t>(value);
}

std::optional<Layout> layout_of(View frame) {
  auto layout = network_layout(frame);
  if (!layout) return std::nullopt;
  const std::size_t length = layout->end - layout->l4;
  const auto with = [&](std::size_t header, std::size_t checksum) -> std::optional<Layout> {
    if (length < header) return std::nullopt;
    layout->payload = layout->l4 + header;
    layout->checksum = layout->l4 + checksum;
    return layout;
  };
  if (layout->protocol == kTcp) return with(20, 16);
  if (layout->protocol == kUdp) return with(8, 6);
  if (layout->protocol == kSctp) return with(12, 8);
  if (layout->protocol == (layout->is_ipv4() ? kIcmp : kIcmpv6)) return with(8, 2);
  return std::nullopt;
}

std::uint16_t transport_sum(View frame, const Layout& layout) {
  const View l4 = frame.subspan(layout.l4, layout.end - layout.l4);
  if (layout.protocol == kIcmp) return sum_of(l4);  // Alone in having no pseudo header.
  const std::uint16_t addresses = sum_of(frame.subspan(layout.addresses, 2 * layout.address_size));
  return sum_of(l4, addresses + layout.protocol + static_cast<std::uint32_t>(l4.size()));
}

bool accepts(View frame) {
  const auto layout = layout_of(frame);
  if (!layout) return false;
  if (layout->is_ipv4() && sum_of(frame.subspan(layout->l3, layout->l4 - layout->l3)) != 0xffff) return false;
  if (layout->protocol == kSctp) return read_crc(frame, *layout) == sctp_crc(frame, *layout);
  if (layout->protocol == kUdp && layout->is_ipv4() && read16(frame, layout->checksum) == 0) return true;  // RFC 768
  return transport_sum(frame, *layout) == 0xffff;
}

void make_right(Bytes& frame) {
  const auto layout = layout_of(frame);
  if (!layout) return;
  if (layout->is_ipv4()) {
    write16(frame, layout->l3 + 10, 0);
    const std::uint16_t sum = sum_of(View{frame}.subspan(layout->l3, layout->l4 - layout->l3));
    write16(frame, layout->l3 + 10, static_cast<std::uint16_t>(~sum));
  }
  if (layout->protocol == kSctp) return write_crc(frame, *layout, sctp_crc(frame, *layout));
  write16(frame, layout->checksum, 0);
  const auto checksum = static_cast<std::uint16_t>(~transport_sum(frame, *layout));
  write16(frame, layout->checksum, checksum == 0 && layout->protocol == kUdp ? 0xffff : checksum);
}

Bytes mirrored(Bytes frame) {
  const auto layout = layout_of(frame);
  if (!layout) return frame;
  const auto swap = [&](std::size_t first, std::size_t size) {
    const auto begin = frame.begin() + static_cast<std::ptrdiff_t>(first);
    const auto middle = begin + static_cast<std::ptrdiff_t>(size);
    std::swap_ranges(begin, middle, middle);
  };
  swap(0, 6);
  swap(layout->addresses, layout->address_size);
  const bool is_sctp = layout->protocol == kSctp;
  const std::uint32_t wrong_by = is_sctp ? read_crc(frame, *layout) ^ sctp_crc(frame, *layout) : 0;
  if (layout->has_ports()) swap(layout->l4, 2);
  if (is_sctp) write_crc(frame, *layout, sctp_crc(frame, *layout) ^ wrong_by);
  return frame;
}

}  // namespace sluice::packets
