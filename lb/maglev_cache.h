#pragma once
// One Maglev table for all services that have the same backends with the same weights.
//
// All `externalTrafficPolicy: Cluster` services of a cluster share one. A table lives as long as somebody holds it; the
// cache itself keeps none alive. For the control thread alone.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "lb/maglev.h"

namespace sluice::lb {

class MaglevCache {
 public:
  // The table of these members, in whatever order they come; built if nobody holds it already.
  std::shared_ptr<const MaglevTable> get(std::span<const MaglevMember> members);
  std::size_t size() const;  // tables that somebody holds

 private:
  struct Entry {
    std::vector<MaglevMember> members;  // sorted
    std::weak_ptr<const MaglevTable> table;
  };
  std::unordered_multimap<std::uint64_t, Entry> entries_;  // by a hash that does not depend on the order of members
};

}  // namespace sluice::lb
