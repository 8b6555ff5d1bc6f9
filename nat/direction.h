#pragma once
// Which way a packet of a flow travels. The numbers are used as array indices and in the flow index's direction bit.

#include <cstdint>

namespace sluice::nat {

enum class Direction : std::uint8_t {
  kToNode = 0,    // client → VIP becomes SNAT address → node
  kToClient = 1,  // node → SNAT address becomes VIP → client
};

constexpr Direction opposite(Direction direction) {
  return static_cast<Direction>(1 - static_cast<std::uint8_t>(direction));
}

}  // namespace sluice::nat
