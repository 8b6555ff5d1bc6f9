#include "lb/maglev.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <numeric>
#include <tuple>

#include "lb/maglev_fill.h"

namespace sluice::lb {
namespace {

// The finalizer of splitmix64 (Steele, Lea, Flood 2014; public domain).
std::uint64_t scramble(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// 0 to bound - 1, from the upper half of a scrambled number.
std::uint32_t below(std::uint32_t bound, std::uint64_t scrambled) {
  return static_cast<std::uint32_t>(((scrambled >> 32) * bound) >> 32);
}

std::vector<MaglevMember> usable(std::span<const MaglevMember> members) {
  std::vector<MaglevMember> result;
  std::copy_if(members.begin(), members.end(), std::back_inserter(result), [](auto& m) { return m.weight != 0; });
  if (result.size() > kMaglevCandidatesMax) {
    std::sort(result.begin(), result.end(),
              [](auto& a, auto& b) { return a.weight != b.weight ? a.weight > b.weight : a.identity < b.identity; });
    result.resize(kMaglevCandidatesMax);
  }
  std::sort(result.begin(), result.end(), [](auto& a, auto& b) {
    return std::tie(a.identity, a.weight, a.id) < std::tie(b.identity, b.weight, b.id);
  });
  return result;
}

// Shares by largest remainder (Hamilton); of equal remainders the lower identity gets the slot.
std::vector<std::uint32_t> quotas_of(std::span<const MaglevMember> members, unsigned slots) {
  std::uint64_t total = 0;
  for (const MaglevMember& member : members) total += member.weight;
  std::vector<std::uint32_t> quotas;
  std::vector<std::uint64_t> remainders;
  for (const MaglevMember& member : members) {
    const std::uint64_t product = std::uint64_t{member.weight} * slots;
    quotas.push_back(static_cast<std::uint32_t>(product / total));
    remainders.push_back(product % total);
  }
  std::vector<std::uint32_t> order(members.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return remainders[a] > remainders[b]; });
  const std::uint32_t given = std::accumulate(quotas.begin(), quotas.end(), 0U);
  for (std::uint32_t i = 0; i < slots - given; ++i) ++quotas[order[i]];
  return quotas;
}

MaglevCandidate candidate_of(const MaglevMember& member, std::uint32_t quota, unsigned slots) {
  const std::uint64_t seed = member.identity;
  const std::uint32_t stride = std::max(kStrideMax / member.weight, 1U);
  return {.offset = below(slots, scramble(seed ^ 0x243f6a8885a308d3ULL)),
          .skip = 1 + below(slots - 1, scramble(seed ^ 0x13198a2e03707344ULL)),
          .quota = quota,
          .stride = stride,
          .phase = below(stride, scramble(seed ^ 0xa4093822299f31d0ULL))};
}

}  // namespace

std::uint64_t identity_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3ULL;
  return scramble(hash);
}

std::shared_ptr<const MaglevTable> MaglevTable::build(std::span<const MaglevMember> members, unsigned slots) {
  assert(slots >= 3 && slots <= kMaglevSlotsMax);
  std::shared_ptr<MaglevTable> table{new MaglevTable{slots}};
  const std::vector<MaglevMember> chosen = usable(members);
  if (chosen.empty()) return table;

  const std::vector<std::uint32_t> quotas = quotas_of(chosen, slots);
  std::vector<MaglevCandidate> candidates;
  candidates.reserve(chosen.size());
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    candidates.push_back(candidate_of(chosen[i], quotas[i], slots));
    table->ids_.push_back(chosen[i].id);
    table->weights_.push_back(chosen[i].weight);
  }
  table->positions_ = fill_maglev(candidates, slots);
  return table;
}

std::size_t MaglevTable::memory_bytes() const {
  return sizeof(*this) + positions_.capacity() * sizeof(positions_[0]) + ids_.capacity() * sizeof(ids_[0]) +
         weights_.capacity() * sizeof(weights_[0]);
}

std::vector<MaglevTable::Share> MaglevTable::shares() const {
  std::vector<Share> result;
  result.reserve(ids_.size());
  for (std::size_t i = 0; i < ids_.size(); ++i) result.push_back({ids_[i], weights_[i], 0});
  for (const std::uint16_t position : positions_) ++result[position].slots;
  return result;
}

}  // namespace sluice::lb
