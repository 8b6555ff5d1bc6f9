#pragma once
// How many connections a Service lets in a second, by its annotations. Pure.

#include <string>

#include "control/kube/objects.h"
#include "control/plan.h"
#include "dataplane/connection_limits.h"

namespace sluice::control {

// New connections a second, of all ports together: 1 to ConnectionLimit::kMax.
inline constexpr std::string_view kNewConnectionsAnnotation = "sluice.dev/new-connections";
// Of one client, which is an IPv4 address or an IPv6 network of 64 bits: 1 to ConnectionLimit::kByClientMax.
inline constexpr std::string_view kNewConnectionsByClientAnnotation = "sluice.dev/new-connections-by-client";

// Fills in `planned.connection_limit`. What cannot be read sets no limit and becomes a note.
void read_connection_limit(const kube::Service& service, PlannedService& planned);

// For `explain`; empty if there is none.
std::string sentence_of(const dataplane::ConnectionLimit& limit);

}  // namespace sluice::control
