#include "lb/maglev_fill.h"

#include <algorithm>
#include <cassert>

namespace sluice::lb {
namespace {

constexpr std::uint64_t kNobody = ~std::uint64_t{0};
// Once so few pairs of a free slot and a candidate with room are left, sorting them is faster than asking on.
constexpr std::size_t kPairsToSort = 8192;

class Filling {
 public:
  Filling(std::span<const MaglevCandidate> candidates, unsigned slots);
  std::vector<std::uint16_t> run();

 private:
  // A wish as one number that orders wishes by time, then candidate: 48 bits and 16 bits.
  using Wish = std::uint64_t;
  static std::uint16_t candidate_of(Wish wish) { return static_cast<std::uint16_t>(wish); }

  struct Asker {
    std::uint64_t time;  // of its next wish
    std::uint32_t stride;
    std::uint32_t slot;  // of its next wish
    std::uint32_t skip;
    std::uint32_t room;  // quota not yet used
  };

  void ask_until(std::uint64_t deadline);
  void ask(std::uint16_t candidate, std::uint64_t deadline);
  void drop_the_full();
  void match_the_rest();
  std::uint64_t weight_of_hungry() const;

  unsigned slots_;
  std::span<const MaglevCandidate> candidates_;
  std::vector<Asker> askers_;
  std::vector<Wish> holders_;          // slot → the best wish so far
  std::vector<std::uint16_t> hungry_;  // candidates with room left
  std::vector<std::uint16_t> robbed_;  // candidates that lost a slot and have to ask again
  std::size_t free_;                   // slots that nobody holds
};

Filling::Filling(std::span<const MaglevCandidate> candidates, unsigned slots)
    : slots_{slots}, candidates_{candidates}, holders_(slots, kNobody), free_{slots} {
  askers_.reserve(candidates.size());
  for (const MaglevCandidate& c : candidates) {
    askers_.push_back({.time = c.phase, .stride = c.stride, .slot = c.offset, .skip = c.skip, .room = c.quota});
    if (c.quota > 0) hungry_.push_back(static_cast<std::uint16_t>(askers_.size() - 1));
  }
}

// Rounds in order of time: when one is over, what was given before its deadline is final, because later wishes lose.
std::vector<std::uint16_t> Filling::run() {
  std::uint64_t deadline = 0;
  while (free_ * hungry_.size() > kPairsToSort) {
    const std::uint64_t wishes = slots_ / 4 + 1;
    deadline += std::max<std::uint64_t>(wishes * kStrideMax / weight_of_hungry(), 1);
    ask_until(deadline);
    drop_the_full();
  }
  match_the_rest();

  std::vector<std::uint16_t> result(slots_);
  std::transform(holders_.begin(), holders_.end(), result.begin(), candidate_of);
  return result;
}

std::uint64_t Filling::weight_of_hungry() const {
  std::uint64_t sum = 0;
  for (const std::uint16_t candidate : hungry_) sum += kStrideMax / candidates_[candidate].stride;
  return sum;
}

void Filling::ask_until(std::uint64_t deadline) {
  for (const std::uint16_t candidate : hungry_) ask(candidate, deadline);
  while (!robbed_.empty()) {
    const std::uint16_t candidate = robbed_.back();
    robbed_.pop_back();
    ask(candidate, deadline);
  }
}

void Filling::ask(std::uint16_t candidate, std::uint64_t deadline) {
  Asker asker = askers_[candidate];
  while (asker.room > 0 && asker.time < deadline) {
    const Wish wish = asker.time << 16 | candidate;
    Wish& holder = holders_[asker.slot];
    if (wish < holder) {
      if (holder == kNobody) {
        --free_;
      } else {
        ++askers_[candidate_of(holder)].room;
        robbed_.push_back(candidate_of(holder));
      }
      holder = wish;
      --asker.room;
    }
    asker.time += asker.stride;
    asker.slot += asker.skip;
    if (asker.slot >= slots_) asker.slot -= slots_;
  }
  askers_[candidate] = asker;
}

void Filling::drop_the_full() {
  hungry_.clear();
  for (std::size_t i = 0; i < askers_.size(); ++i) {
    if (askers_[i].room > 0) hungry_.push_back(static_cast<std::uint16_t>(i));
  }
}

std::uint32_t inverse(std::uint32_t value, std::uint32_t prime) {  // Fermat: value^(prime - 2)
  std::uint64_t result = 1;
  std::uint64_t power = value;
  for (std::uint32_t exponent = prime - 2; exponent != 0; exponent >>= 1) {
    if (exponent & 1) result = result * power % prime;
    power = power * power % prime;
  }
  return static_cast<std::uint32_t>(result);
}

// The same assignment from the other side: all wishes still open, in order of time.
void Filling::match_the_rest() {
  struct Pair {
    Wish wish;
    std::uint32_t slot;
  };
  std::vector<std::uint32_t> open;
  for (std::uint32_t slot = 0; slot < slots_; ++slot) {
    if (holders_[slot] == kNobody) open.push_back(slot);
  }
  std::vector<Pair> pairs;
  pairs.reserve(open.size() * hungry_.size());
  for (const std::uint16_t candidate : hungry_) {
    const MaglevCandidate& c = candidates_[candidate];
    const std::uint64_t step = inverse(c.skip, slots_);
    for (const std::uint32_t slot : open) {
      const std::uint64_t rank = (slot + slots_ - c.offset) * step % slots_;
      pairs.push_back({(c.phase + rank * c.stride) << 16 | candidate, slot});
    }
  }
  std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.wish < b.wish; });
  for (const Pair& pair : pairs) {
    std::uint32_t& room = askers_[candidate_of(pair.wish)].room;
    if (room == 0 || holders_[pair.slot] != kNobody) continue;
    holders_[pair.slot] = pair.wish;
    --room;
  }
}

}  // namespace

std::vector<std::uint16_t> fill_maglev(std::span<const MaglevCandidate> candidates, unsigned slots) {
  assert(!candidates.empty() && candidates.size() <= kMaglevCandidatesMax);
  return Filling{candidates, slots}.run();
}

}  // namespace sluice::lb
