#pragma once
// Consistent choice of a backend by weight: slot → backend, built once, then only read (docs/adr/0004).
//
// The slots a member gets are its share of the weights, exact to one slot (largest remainder). The table depends on
// nothing but the set of (identity, weight): boxes that know the same backends choose alike, whatever ids they gave.
// Immutable and shared between threads; 2 bytes a slot and 8 a member.

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "lb/backend.h"

namespace sluice::lb {

struct MaglevMember {
  BackendId id = kNoBackend;
  std::uint64_t identity = 0;  // identity_of() of a name that is the same on all boxes
  std::uint32_t weight = 1;    // Zero takes no slot.

  friend auto operator<=>(const MaglevMember&, const MaglevMember&) = default;
};

// A number for a name such as "cluster/192.0.2.11", the same on all boxes (FNV-1a, mixed).
std::uint64_t identity_of(std::string_view name);

inline constexpr unsigned kMaglevSlots = 65537;

class MaglevTable {
 public:
  struct Share {
    BackendId id;
    std::uint32_t weight;
    std::uint32_t slots;
  };

  // `slots` is a prime of at most kMaglevSlotsMax. Of more than 65,535 members the heaviest get in.
  static std::shared_ptr<const MaglevTable> build(std::span<const MaglevMember> members, unsigned slots = kMaglevSlots);

  // Any 64-bit hash of the flow; its upper half decides. kNoBackend if the table is empty.
  BackendId select(std::uint64_t hash) const { return id_at(slot_of(hash)); }
  unsigned slot_of(std::uint64_t hash) const { return static_cast<unsigned>(((hash >> 32) * slots_) >> 32); }
  BackendId id_at(unsigned slot) const { return empty() ? kNoBackend : ids_[positions_[slot]]; }

  bool empty() const { return positions_.empty(); }
  // Whether any slot is the backend's. Looks at every member: not for each packet.
  bool contains(BackendId id) const { return std::ranges::find(ids_, id) != ids_.end(); }
  unsigned slots() const { return slots_; }
  std::size_t memory_bytes() const;
  // Members of weight above zero in the order of their identity, with what each got. Counts anew at each call.
  std::vector<Share> shares() const;

 private:
  explicit MaglevTable(unsigned slots) : slots_{slots} {}

  unsigned slots_;
  std::vector<std::uint16_t> positions_;  // slot → position in ids_; empty when there is no member
  std::vector<BackendId> ids_;
  std::vector<std::uint32_t> weights_;
};

}  // namespace sluice::lb
