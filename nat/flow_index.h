#pragma once
// From the hash of a flow key to numbers of entries: a hash table of 64-byte buckets that never reads the entries.
//
// A bucket has ten slots: a 16-bit tag of the hash (0: free) and the 32-bit value beside it. A value lies in its
// hash's first bucket, or, if that was full when it came, in the second; the first bucket counts those, so that a
// look-up reads a second line only where something did overflow. Six of ten slots stay free: nearly every value
// is in its first bucket, and a place is found by moving at most two (cuckoo hashing, Pagh and Rodler 2004; buckets
// and two choices as in Fan et al., "MemC3", 2013).
//
// The index does not keep hashes. Whoever owns the values tells it the hash of one when it has to move it.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "nat/huge_memory.h"

namespace sluice::nat {

struct alignas(64) IndexBucket {
  static constexpr std::size_t kSlots = 10;
  std::uint16_t tags[kSlots];
  std::uint32_t values[kSlots];
  std::uint32_t overflowed;  // values whose first bucket is this one, but which lie in their second
};
static_assert(sizeof(IndexBucket) == 64);

// Slots with this tag as a set of bits: bit 2·s for slot s.
inline std::uint32_t slots_with_tag(const IndexBucket& bucket, std::uint16_t tag) {
#if defined(__AVX2__)
  // The load takes in the first values too; the mask leaves them out.
  const __m256i tags = _mm256_load_si256(reinterpret_cast<const __m256i*>(&bucket));
  const __m256i equal = _mm256_cmpeq_epi16(tags, _mm256_set1_epi16(static_cast<short>(tag)));
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(equal)) & 0x55555U;
#else
  std::uint32_t bits = 0;
  for (std::size_t slot = 0; slot < IndexBucket::kSlots; ++slot) {
    bits |= static_cast<std::uint32_t>(bucket.tags[slot] == tag) << (2 * slot);
  }
  return bits;
#endif
}
inline std::size_t first_slot(std::uint32_t bits) { return static_cast<std::size_t>(std::countr_zero(bits)) / 2; }

class FlowIndex {
 public:
  static constexpr std::uint32_t kNothing = ~std::uint32_t{0};

  explicit FlowIndex(std::size_t values_max, ExplicitPages explicit_pages = ExplicitPages::kUse);

  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&buckets_[first_bucket(hash)]); }

  // The value most likely meant, for prefetching what it stands for. kNothing if there is none in the first bucket; the
  // second is then on its way, if it can be there.
  std::uint32_t guess(std::uint64_t hash) const {
    const IndexBucket& bucket = buckets_[first_bucket(hash)];
    const std::uint32_t bits = slots_with_tag(bucket, tag_of(hash));
    if (bits != 0) [[likely]]
      return bucket.values[first_slot(bits)];
    if (bucket.overflowed != 0) __builtin_prefetch(&buckets_[second_bucket(hash)]);
    return kNothing;
  }

  // The first value under this hash that `is_it(value)` accepts, else kNothing.
  template <typename IsIt>
  std::uint32_t find(std::uint64_t hash, IsIt&& is_it) const {
    const IndexBucket& first = buckets_[first_bucket(hash)];
    const std::uint32_t value = find_in(first, tag_of(hash), is_it);
    if (value != kNothing || first.overflowed == 0) [[likely]]
      return value;
    return find_in(buckets_[second_bucket(hash)], tag_of(hash), is_it);
  }

  // False if no place was found, which at the stated number of values does not happen for seeded hashes.
  // `hash_of(value)` gives the hash that a value was inserted with.
  template <typename HashOf>
  bool insert(std::uint64_t hash, std::uint32_t value, HashOf&& hash_of) {
    const std::size_t first = first_bucket(hash), second = second_bucket(hash);
    std::size_t slot = free_slot(first);
    if (slot < IndexBucket::kSlots) {
      put(first, slot, hash, value);
      return true;
    }
    slot = make_room(second, hash_of, 2);
    if (slot == IndexBucket::kSlots) return false;
    put(second, slot, hash, value);
    if (first != second) ++buckets_[first].overflowed;
    return true;
  }

  // The value must be there.
  void erase(std::uint64_t hash, std::uint32_t value);

  std::size_t bucket_count() const { return bucket_count_; }
  const HugeMemory& memory() const { return memory_; }

 private:
  // Disjoint parts of the hash as far as can be: the upper half, the lower half, the lowest 16 bits.
  std::size_t first_bucket(std::uint64_t hash) const { return ((hash >> 32) * bucket_count_) >> 32; }
  std::size_t second_bucket(std::uint64_t hash) const { return ((hash & 0xffffffff) * bucket_count_) >> 32; }
  static std::uint16_t tag_of(std::uint64_t hash) {
    const auto tag = static_cast<std::uint16_t>(hash);
    return static_cast<std::uint16_t>(tag + static_cast<std::uint16_t>(tag == 0));
  }
  std::size_t free_slot(std::size_t bucket) const {
    const std::uint32_t bits = slots_with_tag(buckets_[bucket], 0);
    return bits != 0 ? first_slot(bits) : IndexBucket::kSlots;
  }
  void put(std::size_t bucket, std::size_t slot, std::uint64_t hash, std::uint32_t value) {
    buckets_[bucket].tags[slot] = tag_of(hash);
    buckets_[bucket].values[slot] = value;
  }

  template <typename IsIt>
  static std::uint32_t find_in(const IndexBucket& bucket, std::uint16_t tag, IsIt& is_it) {
    for (std::uint32_t bits = slots_with_tag(bucket, tag); bits != 0; bits &= bits - 1) {
      const std::uint32_t value = bucket.values[first_slot(bits)];
      if (is_it(value)) return value;
    }
    return kNothing;
  }

  // A free slot of the bucket, if need be by moving one of its values to that one's other bucket, `moves` deep.
  template <typename HashOf>
  std::size_t make_room(std::size_t bucket, HashOf& hash_of, int moves) {
    const std::size_t free = free_slot(bucket);
    if (free < IndexBucket::kSlots || moves == 0) return free;
    for (std::size_t slot = 0; slot < IndexBucket::kSlots; ++slot) {
      const std::uint32_t value = buckets_[bucket].values[slot];
      const std::uint64_t hash = hash_of(value);
      const std::size_t first = first_bucket(hash);
      const std::size_t other = first == bucket ? second_bucket(hash) : first;
      if (other == bucket) continue;
      const std::size_t there = make_room(other, hash_of, moves - 1);
      if (there == IndexBucket::kSlots) continue;
      put(other, there, hash, value);
      buckets_[first].overflowed += first == bucket ? 1U : ~0U;
      return slot;
    }
    return IndexBucket::kSlots;
  }

  std::size_t bucket_count_;
  HugeMemory memory_;
  IndexBucket* buckets_;
};

}  // namespace sluice::nat
