#include "nat/flow_table.h"

namespace sluice::nat {

template <typename Family>
FlowTable<Family>::FlowTable(const FlowTableOptions& options)
    : capacity_{options.capacity},
      seed_{options.seed},
      flow_memory_{capacity_ * sizeof(Flow), options.explicit_pages},
      index_{2 * capacity_, options.explicit_pages},
      flows_{static_cast<Flow*>(flow_memory_.data())} {
  assert(capacity_ > 0 && capacity_ < (std::size_t{1} << 31));
}

template <typename Family>
auto FlowTable<Family>::insert(const Flow& flow) -> Flow* {
  if (size_ == capacity_) {
    ++counters_.refusals;
    return nullptr;
  }
  const std::size_t entry = free_head_ != kNoMore ? free_head_ : touched_;
  const auto hash_of_value = [this](std::uint32_t value) { return hash_of(value); };
  const std::uint64_t to_node_hash = hash(flow.to_node_key());
  const std::uint64_t to_client_hash = hash(flow.to_client_key());
  index_.prefetch(to_client_hash);
  if (!index_.insert(to_node_hash, value_of(entry, Direction::kToNode), hash_of_value)) {
    ++counters_.refusals;
    return nullptr;
  }
  // The first value may have to move for the second, so the entry must be readable from here on.
  Flow& stored = flows_[entry];
  const std::uint32_t next_free = entry == touched_ ? kNoMore : stored.table_link;
  stored = flow;
  if (!index_.insert(to_client_hash, value_of(entry, Direction::kToClient), hash_of_value)) {
    index_.erase(to_node_hash, value_of(entry, Direction::kToNode));
    stored.table_link = next_free;
    ++counters_.refusals;
    return nullptr;
  }
  stored.table_link = kInUse;
  if (entry == touched_) {
    ++touched_;
  } else {
    free_head_ = next_free;
  }
  ++size_;
  ++counters_.inserts;
  return &stored;
}

template <typename Family>
void FlowTable<Family>::erase(Flow& flow) {
  const auto entry = static_cast<std::size_t>(&flow - flows_);
  assert(entry < touched_ && in_use(entry));
  index_.erase(hash(flow.to_node_key()), value_of(entry, Direction::kToNode));
  index_.erase(hash(flow.to_client_key()), value_of(entry, Direction::kToClient));
  flow.table_link = free_head_;
  free_head_ = static_cast<std::uint32_t>(entry);
  --size_;
}

template <typename Family>
void FlowTable<Family>::prefetch_buckets_of(const Flow& flow) const {
  index_.prefetch(hash(flow.to_node_key()));
  index_.prefetch(hash(flow.to_client_key()));
}

template class FlowTable<net::Ipv4>;
template class FlowTable<net::Ipv6>;

}  // namespace sluice::nat
