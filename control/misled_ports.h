#pragma once
// Ports whose device said that it would bring packets to their workers (RSS), and does not: their packets arrive, but
// nearly all of them by way of another worker. Pure.

#include <span>
#include <string>
#include <vector>

#include "dataplane/forwarder.h"

namespace sluice::control {

// A sentence about each. Fragments and what came before the first snapshot do not make one.
std::vector<std::string> misled_ports(std::span<const dataplane::PortStatus> ports);

}  // namespace sluice::control
