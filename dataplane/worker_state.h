#pragma once
// What the steps of one worker work on, for a family.

#include "dataplane/affinity_table.h"
#include "dataplane/connection_limits.h"
#include "nat/flow_table.h"
#include "nat/port_pool.h"

namespace sluice::dataplane {

// The state of one worker for a family that outlives snapshots. Touched by its worker only.
template <typename Family>
struct WorkerState {
  nat::FlowTable<Family>& flows;
  nat::PortPool<Family>& ports;
  AffinityTable* affinities;  // Of all workers. Null: none is remembered.
  ConnectionLimits* limits;   // Of all workers. Null: there are none.
  // A flow came or went since this burst was classified: what `classify` found may be another flow by now, and what it
  // did not find may be there.
  bool changed = false;
  // The flow of the packet that is looked at was open, and its node does not serve it any more: the one in its place is
  // no new connection.
  bool moves = false;
  // A packet ended in a drop that its sender may be told of (refuse.h).
  bool may_refuse = false;
};

}  // namespace sluice::dataplane
