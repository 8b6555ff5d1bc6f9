#include "tests/packets/errors.h"

#include <algorithm>

namespace sluice::packets {

Bytes error_about(const Bytes& frame, std::size_t quoted_max) {
  const auto layout = layout_of(frame).value();
  const std::size_t quoted = std::min(quoted_max, layout.end - layout.l3);
  const std::size_t ip_header = layout.is_ipv4() ? 20 : 40;
  const std::size_t addresses = layout.is_ipv4() ? 12 : 8;
  const std::size_t l4 = layout.l3 + ip_header;
  Bytes error(l4 + 8 + quoted);
  std::copy_n(frame.begin(), layout.l3, error.begin());
  std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(layout.addresses), 2 * layout.address_size,
              error.begin() + static_cast<std::ptrdiff_t>(layout.l3 + addresses));
  std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(layout.l3), quoted,
              error.begin() + static_cast<std::ptrdiff_t>(l4 + 8));
  if (layout.is_ipv4()) {
    error[layout.l3] = 0x45;
    write16(error, layout.l3 + 2, static_cast<std::uint16_t>(ip_header + 8 + quoted));
    error[layout.l3 + 8] = 64;
    error[layout.l3 + 9] = 1;
    error[l4] = 3;
    error[l4 + 1] = 4;
  } else {
    error[layout.l3] = 0x60;
    write16(error, layout.l3 + 4, static_cast<std::uint16_t>(8 + quoted));
    error[layout.l3 + 6] = 58;
    error[layout.l3 + 7] = 64;
    error[l4] = 2;
  }
  write16(error, l4 + 6, 1280);
  error = mirrored(std::move(error));
  make_right(error);
  return error;
}

}  // namespace sluice::packets
