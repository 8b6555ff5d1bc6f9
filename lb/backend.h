#pragma once
// How a backend is named and what state it can be in.
//
// An id stands for one (cluster, node address) for as long as any flow may hold it: flows, bindings and tables name
// backends by id, never by pointer or position.

#include <cstdint>
#include <string_view>

namespace sluice::lb {

using BackendId = std::uint32_t;
inline constexpr BackendId kNoBackend = 0;

enum class BackendState : std::uint8_t {
  kActive,    // takes new flows
  kDraining,  // keeps its flows, takes no new ones
  kDown,      // takes nothing
};

constexpr std::string_view to_string(BackendState state) {
  switch (state) {
    case BackendState::kActive: return "active";
    case BackendState::kDraining: return "draining";
    case BackendState::kDown: return "down";
  }
  return "unknown";
}

}  // namespace sluice::lb
