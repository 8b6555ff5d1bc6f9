#pragma once
// What the steps of the pipeline made of one packet, for people: in the words of `sluice explain flow`, but of what has
// happened. Pure.

#include <string>
#include <vector>

#include "control/explain.h"
#include "dataplane/captured_packet.h"
#include "dataplane/snapshot.h"
#include "nat/rss.h"

namespace sluice::control {

struct TraceView {
  const dataplane::Snapshot& snapshot;         // Now; what a packet met may have been the one before.
  const std::vector<std::string>& port_names;  // By index of the dataplane port.
  const nat::Rss& rss;                         // The workers' own.
};

std::vector<ExplainedFlow::Step> tell_trace(const dataplane::CapturedPacket& packet,
                                            const dataplane::CapturedBytes& bytes, const TraceView& view);

}  // namespace sluice::control
