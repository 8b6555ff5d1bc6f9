#pragma once
// The flows of one worker and family: a fixed number of entries of one cache line (IPv6: two), found by the key of
// either direction.
//
// Look-ups are meant to be staged over a burst, so that memory is waited for once and not once a packet:
//   for all: h = hash(key), prefetch_bucket(h);   for all: prefetch_flow(h);   for all: find(key, h)
// Entries do not move: a Flow* is good until that flow is erased, evicted or expired. Flows with the same key
// may not be inserted twice; so when a packet's flow was not found, but an earlier packet of the burst made
// one, find again.
//
// Nothing is allocated after construction, which takes 64 bytes (IPv6: 128) a flow and 32 for the index
// (docs/adr/0003).
// Construction throws std::bad_alloc when there is no memory.

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include "nat/flow.h"
#include "nat/flow_index.h"
#include "nat/huge_memory.h"
#include "nat/tick.h"
#include "nat/timeouts.h"
#include "net/flow_key.h"

namespace sluice::nat {

struct FlowTableOptions {
  std::size_t capacity = 0;  // flows, 1 to 2^31 - 1
  std::uint64_t seed = 0;    // secret, so that clients cannot choose keys that collide
  ExplicitPages explicit_pages = ExplicitPages::kUse;
};

struct FlowTableCounters {
  std::uint64_t inserts = 0;
  std::uint64_t refusals = 0;   // insert() without room
  std::uint64_t evictions = 0;  // embryonic flows that made room for new ones
  std::uint64_t expired = 0;
};

template <typename Family>
struct Found {
  Flow<Family>* flow = nullptr;
  Direction direction = Direction::kToNode;
};

template <typename Family>
class FlowTable {
 public:
  using Flow = nat::Flow<Family>;
  using Key = net::FlowKey<Family>;

  explicit FlowTable(const FlowTableOptions& options);

  std::uint64_t hash(const Key& key) const { return net::hash(key, seed_); }
  void prefetch_bucket(std::uint64_t hash) const { index_.prefetch(hash); }
  void prefetch_flow(std::uint64_t hash) const {
    const std::uint32_t value = index_.guess(hash);
    if (value == FlowIndex::kNothing) return;
    const auto* const flow = reinterpret_cast<const std::uint8_t*>(&flows_[value >> 1]);
    for (std::size_t line = 0; line < sizeof(Flow); line += 64) __builtin_prefetch(flow + line, 1);
  }
  Found<Family> find(const Key& key, std::uint64_t hash) {
    const std::uint32_t value = index_.find(
        hash, [&](std::uint32_t candidate) { return flows_[candidate >> 1].matches(key, direction_of(candidate)); });
    if (value == FlowIndex::kNothing) return {};
    return {&flows_[value >> 1], direction_of(value)};
  }

  // Copies the flow in under both of its keys, neither of which may be there. nullptr (and a refusal) when
  // full.
  Flow* insert(const Flow& flow);
  void erase(Flow& flow);

  // True if the next insert() finds room: there is some, or one of the next kEvictionSearch entries was past its
  // timeout, or an embryonic flow idle for `embryonic_age_min`; `on_evicted(const Flow&)` was told of it and it is
  // gone. Others never go.
  static constexpr std::size_t kEvictionSearch = 64;
  template <typename OnEvicted>
  bool make_room(Tick now, const Timeouts& timeouts, OnEvicted&& on_evicted);

  // Looks at the next `entries_max` entries, round and round, and erases the idle ones, and those of which
  // `is_over(const Flow&)`, after telling `on_expired(const Flow&)`. Returns how many.
  template <typename OnExpired, typename IsOver = bool (*)(const Flow&)>
  std::size_t expire(
      Tick now, const Timeouts& timeouts, std::size_t entries_max, OnExpired&& on_expired,
      IsOver&& is_over = [](const Flow&) { return false; });

  // Shows `function(const Flow&)` the flows among `count` entries from number `first` on. Returns the number to
  // go on with, kEnd after the last.
  static constexpr std::size_t kEnd = ~std::size_t{0};
  template <typename Function>
  std::size_t visit(std::size_t first, std::size_t count, Function&& function) const;

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  const FlowTableCounters& counters() const { return counters_; }
  std::size_t memory_bytes() const { return flow_memory_.bytes() + index_.memory().bytes(); }
  PageKind pages() const { return flow_memory_.pages(); }

 private:
  static constexpr std::uint32_t kInUse = ~std::uint32_t{0};
  static constexpr std::uint32_t kNoMore = kInUse - 1;
  static constexpr std::size_t kExpiryBatch = 16;

  static Direction direction_of(std::uint32_t value) { return static_cast<Direction>(value & 1); }
  static std::uint32_t value_of(std::size_t entry, Direction direction) {
    return static_cast<std::uint32_t>(2 * entry + static_cast<std::size_t>(direction));
  }
  std::uint64_t hash_of(std::uint32_t value) const { return hash(flows_[value >> 1].key(direction_of(value))); }
  bool in_use(std::size_t entry) const { return flows_[entry].table_link == kInUse; }
  std::size_t step(std::size_t& hand) const;
  void prefetch_buckets_of(const Flow& flow) const;

  std::size_t capacity_;
  std::uint64_t seed_;
  HugeMemory flow_memory_;
  FlowIndex index_;
  Flow* flows_;
  std::size_t size_ = 0;
  std::size_t touched_ = 0;            // entries from here on were never used
  std::uint32_t free_head_ = kNoMore;  // of a list through table_link: last freed, first used, while still cached
  std::size_t expiry_hand_ = 0;
  std::size_t eviction_hand_ = 0;
  FlowTableCounters counters_;
};

template <typename Family>
std::size_t FlowTable<Family>::step(std::size_t& hand) const {
  if (hand >= touched_) hand = 0;
  return hand++;
}

template <typename Family>
template <typename OnEvicted>
bool FlowTable<Family>::make_room(Tick now, const Timeouts& timeouts, OnEvicted&& on_evicted) {
  if (size_ < capacity_) return true;
  for (std::size_t looked_at = 0; looked_at < kEvictionSearch && looked_at < touched_; ++looked_at) {
    Flow& flow = flows_[step(eviction_hand_)];
    const Tick idle = elapsed(now, flow.last_seen);
    const bool is_old_handshake = flow.is_embryonic() && idle > timeouts.embryonic_age_min;
    if (!is_old_handshake && idle <= idle_limit(flow, timeouts)) continue;
    on_evicted(static_cast<const Flow&>(flow));
    erase(flow);
    ++counters_.evictions;
    return true;
  }
  return false;
}

template <typename Family>
template <typename OnExpired, typename IsOver>
std::size_t FlowTable<Family>::expire(Tick now, const Timeouts& timeouts, std::size_t entries_max,
                                      OnExpired&& on_expired, IsOver&& is_over) {
  std::size_t count = 0;
  std::size_t left = entries_max < touched_ ? entries_max : touched_;
  while (left > 0) {
    std::array<Flow*, kExpiryBatch> idle;
    std::size_t idle_count = 0;
    for (; left > 0 && idle_count < idle.size(); --left) {
      const std::size_t entry = step(expiry_hand_);
      Flow& flow = flows_[entry];
      if (!in_use(entry)) continue;
      if (elapsed(now, flow.last_seen) <= idle_limit(flow, timeouts) && !is_over(flow)) continue;
      prefetch_buckets_of(flow);
      idle[idle_count++] = &flow;
    }
    for (Flow* flow : std::span{idle}.first(idle_count)) {
      on_expired(static_cast<const Flow&>(*flow));
      erase(*flow);
    }
    count += idle_count;
  }
  counters_.expired += count;
  return count;
}

template <typename Family>
template <typename Function>
std::size_t FlowTable<Family>::visit(std::size_t first, std::size_t count, Function&& function) const {
  if (first >= touched_) return kEnd;
  const std::size_t end = count < touched_ - first ? first + count : touched_;
  for (std::size_t entry = first; entry < end; ++entry) {
    if (in_use(entry)) function(static_cast<const Flow&>(flows_[entry]));
  }
  return end < touched_ ? end : kEnd;
}

using FlowTable4 = FlowTable<net::Ipv4>;
using FlowTable6 = FlowTable<net::Ipv6>;

}  // namespace sluice::nat
