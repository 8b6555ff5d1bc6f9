#pragma once
// ICMP errors as a router makes them, octet by octet, about a frame that came to it.

#include "tests/packets/receiver.h"

namespace sluice::packets {

// "Too big", from the host that the frame is for to the one that sent it, quoting so many bytes of its packet. Only for
// frames that have a layout.
Bytes error_about(const Bytes& frame, std::size_t quoted_max);

}  // namespace sluice::packets
