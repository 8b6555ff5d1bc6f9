#include "dataplane/dpdk/flow_query.h"

#include <chrono>

#include "dataplane/rewrite.h"

namespace sluice::dataplane::dpdk {
namespace {

constexpr std::size_t kEntriesATurn = 1024;

// True once the whole table was looked at.
template <typename Family>
bool look_into(const Snapshot& snapshot, const nat::FlowTable<Family>& flows, nat::Tick now, FlowQuery& query) {
  query.next_entry = flows.visit(query.next_entry, kEntriesATurn, [&](const nat::Flow<Family>& flow) {
    const auto node = node_of(snapshot.of<Family>(), flow);
    if (query.found.size() >= query.limit || !query.filter.matches(flow, node)) return;
    FlowRecord record = record_of(flow, node);
    record.worker = query.worker;
    record.idle_seconds = std::chrono::duration<double>{nat::to_duration(nat::elapsed(now, flow.last_seen))}.count();
    query.found.push_back(record);
  });
  return query.next_entry == nat::FlowTable<Family>::kEnd;
}

}  // namespace

void FlowQueryBox::look_further(FlowQuery& query, const Snapshot& snapshot, const Pipeline& pipeline, nat::Tick now) {
  bool is_done = false;
  if (query.is_v4_done) {
    is_done = look_into(snapshot, pipeline.v6().flows(), now, query);
  } else if (look_into(snapshot, pipeline.v4().flows(), now, query)) {
    query.is_v4_done = true;
    query.next_entry = 0;
  }
  if (!is_done && query.found.size() < query.limit) return;
  // In this order: between the two, ask() must not find both empty and take a question whose answer would push this
  // one out. `query` may be gone after the first.
  answered_.store(&query, std::memory_order_release);
  asked_.store(nullptr, std::memory_order_release);
}

}  // namespace sluice::dataplane::dpdk
