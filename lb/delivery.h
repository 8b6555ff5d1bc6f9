#pragma once
// How a packet reaches the node that serves it.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::lb {

enum class Delivery : std::uint8_t {
  kFullNat,  // SNAT address → node:nodePort. The node answers us, wherever it stands.
  kDnat,     // client → node:nodePort. The node's way back to the client must lead through us.
  kDsr,      // client → VIP:port, unchanged but for the link layer. The node serves the VIP, and answers by itself.
};
inline constexpr std::array kDeliveries{Delivery::kFullNat, Delivery::kDnat, Delivery::kDsr};

constexpr std::string_view to_string(Delivery delivery) {
  switch (delivery) {
    case Delivery::kFullNat: return "full-nat";
    case Delivery::kDnat: return "dnat";
    case Delivery::kDsr: return "dsr";
  }
  return "unknown";
}

constexpr std::optional<Delivery> parse_delivery(std::string_view text) {
  for (const Delivery delivery : kDeliveries) {
    if (to_string(delivery) == text) return delivery;
  }
  return std::nullopt;
}

// Whether node ports play a part: not where the node serves the VIP itself.
constexpr bool needs_node_port(Delivery delivery) { return delivery != Delivery::kDsr; }
// Whether the pods may see who the client is.
constexpr bool keeps_client(Delivery delivery) { return delivery != Delivery::kFullNat; }

}  // namespace sluice::lb
