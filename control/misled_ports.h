#pragma once
// Ports whose device said that it would bring packets to their workers (RSS), and does not: their packets arrive, but
// nearly all of them by way of another worker. Pure.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dataplane/forwarder.h"

namespace sluice::control {

enum class NodesAnswer : std::uint8_t { kUs, kClients };

// A sentence about each. Where nodes answer clients by themselves, much is handed over whatever a device does: nothing
// is said then.
std::vector<std::string> misled_ports(std::span<const dataplane::PortStatus> ports, NodesAnswer nodes_answer);

}  // namespace sluice::control
