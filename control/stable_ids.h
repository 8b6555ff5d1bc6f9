#pragma once
// Small numbers for things that flows name: dense, so that snapshots can be vectors, and stable, so that a flow's
// number means the same thing for as long as the flow can live.
//
// A number whose owner is gone is given to another only after `quarantine`, which must be longer than any flow can be
// idle: by then every flow that named the old owner is gone, too.

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <utility>

namespace sluice::control {

template <typename Key>
class StableIds {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // The first number given out is `first`.
  StableIds(std::uint32_t first, std::chrono::steady_clock::duration quarantine)
      : next_{first}, quarantine_{quarantine} {}

  // The key's number; a new one if it has none.
  std::uint32_t id_of(const Key& key, TimePoint now) {
    const auto known = ids_.find(key);
    if (known != ids_.end()) return known->second;
    const std::uint32_t id = fresh(now);
    ids_.emplace(key, id);
    return id;
  }

  // All keys but these are gone from now on.
  void keep_only(const std::set<Key>& keys, TimePoint now) {
    for (auto it = ids_.begin(); it != ids_.end();) {
      if (keys.contains(it->first)) {
        ++it;
        continue;
      }
      retired_.emplace_back(now, it->second);
      it = ids_.erase(it);
    }
  }

  const std::map<Key, std::uint32_t>& ids() const { return ids_; }
  std::uint32_t end() const { return next_; }  // One past the highest number ever given out.

 private:
  std::uint32_t fresh(TimePoint now) {
    if (retired_.empty() || now - retired_.front().first < quarantine_) return next_++;
    const std::uint32_t id = retired_.front().second;
    retired_.pop_front();
    return id;
  }

  std::uint32_t next_;
  std::chrono::steady_clock::duration quarantine_;
  std::map<Key, std::uint32_t> ids_;
  std::deque<std::pair<TimePoint, std::uint32_t>> retired_;  // In the order in which they were retired.
};

}  // namespace sluice::control
