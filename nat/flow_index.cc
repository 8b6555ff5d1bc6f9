#include "nat/flow_index.h"

#include <algorithm>
#include <cassert>

namespace sluice::nat {
namespace {

// Four of ten slots: one value in a thousand overflows (of eight: one in a hundred, and each waits for memory twice).
// Below a few buckets chance has too much weight, so small tables get more room.
constexpr std::size_t kValuesABucket = 4;

std::size_t buckets_for(std::size_t values_max) {
  return std::max<std::size_t>(8, (values_max + kValuesABucket - 1) / kValuesABucket);
}

std::size_t slot_of(const IndexBucket& bucket, std::uint16_t tag, std::uint32_t value) {
  for (std::uint32_t bits = slots_with_tag(bucket, tag); bits != 0; bits &= bits - 1) {
    if (bucket.values[first_slot(bits)] == value) return first_slot(bits);
  }
  return IndexBucket::kSlots;
}

}  // namespace

FlowIndex::FlowIndex(std::size_t values_max, ExplicitPages explicit_pages)
    : bucket_count_{buckets_for(values_max)},
      memory_{bucket_count_ * sizeof(IndexBucket), explicit_pages},
      buckets_{static_cast<IndexBucket*>(memory_.data())} {
  assert(bucket_count_ <= std::size_t{0xffffffff});
}

void FlowIndex::erase(std::uint64_t hash, std::uint32_t value) {
  IndexBucket& first = buckets_[first_bucket(hash)];
  std::size_t slot = slot_of(first, tag_of(hash), value);
  if (slot < IndexBucket::kSlots) {
    first.tags[slot] = 0;
    return;
  }
  IndexBucket& second = buckets_[second_bucket(hash)];
  slot = slot_of(second, tag_of(hash), value);
  assert(slot < IndexBucket::kSlots);
  second.tags[slot] = 0;
  --first.overflowed;
}

}  // namespace sluice::nat
