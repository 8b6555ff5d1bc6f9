#pragma once
// What the steps of one worker work on, for a family.

#include "nat/flow_table.h"
#include "nat/port_pool.h"

namespace sluice::dataplane {

// The state of one worker for a family that outlives snapshots. Touched by its worker only.
template <typename Family>
struct WorkerState {
  nat::FlowTable<Family>& flows;
  nat::PortPool<Family>& ports;
  // A flow came or went since this burst was classified: what `classify` found may be another flow by now, and what it
  // did not find may be there.
  bool changed = false;
  // A packet ended in a drop that its sender may be told of (refuse.h).
  bool may_refuse = false;
};

}  // namespace sluice::dataplane
