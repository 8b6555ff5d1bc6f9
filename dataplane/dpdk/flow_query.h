#pragma once
// A question about flows, answered by the worker that owns them: control puts it into the worker's box, the worker
// looks at a bounded number of table entries each turn, control collects the answer. Neither ever waits for the
// other.

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "dataplane/forwarder.h"
#include "dataplane/pipeline.h"

namespace sluice::dataplane::dpdk {

struct FlowQuery {
  FlowFilter filter;
  std::size_t limit = 0;
  unsigned worker = 0;
  std::vector<FlowRecord> found;  // Reserved for `limit` by control: the worker allocates nothing.
  bool is_v4_done = false;        // Then the IPv6 table is looked at.
  std::size_t next_entry = 0;
};

class FlowQueryBox {
 public:
  // Control: false while an earlier question is not collected yet.
  bool ask(std::unique_ptr<FlowQuery>& query) {
    if (asked_.load(std::memory_order_acquire) != nullptr || answered_.load(std::memory_order_acquire) != nullptr) {
      return false;
    }
    asked_.store(query.release(), std::memory_order_release);
    return true;
  }
  // Control: null while there is no answer yet.
  std::unique_ptr<FlowQuery> collect() {
    return std::unique_ptr<FlowQuery>{answered_.exchange(nullptr, std::memory_order_acq_rel)};
  }
  ~FlowQueryBox() {
    delete asked_.load();
    delete answered_.load();
  }

  // Worker: looks a little further. Cheap when nothing was asked.
  void work(const Snapshot& snapshot, const Pipeline& pipeline, nat::Tick now) {
    FlowQuery* query = asked_.load(std::memory_order_acquire);
    if (query != nullptr) [[unlikely]]
      look_further(*query, snapshot, pipeline, now);
  }

 private:
  void look_further(FlowQuery& query, const Snapshot& snapshot, const Pipeline& pipeline, nat::Tick now);

  std::atomic<FlowQuery*> asked_{nullptr};
  std::atomic<FlowQuery*> answered_{nullptr};
};

}  // namespace sluice::dataplane::dpdk
