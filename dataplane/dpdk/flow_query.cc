#include "dataplane/dpdk/flow_query.h"

#include <chrono>

namespace sluice::dataplane::dpdk {
namespace {

constexpr std::size_t kEntriesATurn = 1024;

}  // namespace

void FlowQueryBox::look_further(FlowQuery& query, const nat::FlowTable& flows, nat::Tick now) {
  query.next_entry = flows.visit(query.next_entry, kEntriesATurn, [&](const nat::Flow& flow) {
    if (query.found.size() >= query.limit || !query.filter.matches(flow)) return;
    const std::chrono::duration<double> idle = nat::to_duration(nat::elapsed(now, flow.last_seen));
    query.found.push_back({.flow = flow, .worker = query.worker, .idle_seconds = idle.count()});
  });
  if (query.next_entry != nat::FlowTable::kEnd && query.found.size() < query.limit) return;
  // In this order: between the two, ask() must not find both empty and take a question whose answer would push this
  // one out. `query` may be gone after the first.
  answered_.store(&query, std::memory_order_release);
  asked_.store(nullptr, std::memory_order_release);
}

}  // namespace sluice::dataplane::dpdk
