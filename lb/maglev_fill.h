#pragma once
// Fills the slots of a Maglev table: exact quotas, and few moved slots when the set of candidates changes.
//
// Every candidate wants the slots in an order of its own, its permutation (Eisenbud et al., "Maglev", NSDI 2016, 3.4):
// the k-th wish is slot (offset + k * skip) mod M, uttered at the time phase + k * stride. A heavier candidate has a
// shorter stride. A slot belongs to whoever asked first and still had room in its quota. Since both sides rank a pair
// by the same number, its time, there is exactly one such assignment, however it is computed (stable matching with a
// common score). In the paper a refused candidate tries again within its turn; without that, a change of one candidate
// shifts nobody else in time, and so moves half as many slots (docs/adr/0004-weighted-maglev.md).

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::lb {

struct MaglevCandidate {
  std::uint32_t offset;  // 0 to slots - 1
  std::uint32_t skip;    // 1 to slots - 1
  std::uint32_t quota;   // slots to get; the quotas of all add up to the number of slots
  std::uint32_t stride;  // time from wish to wish, 1 to kStrideMax; inverse to the weight
  std::uint32_t phase;   // time of the first wish, below the stride; equal times go to the earlier candidate
};
inline constexpr std::uint32_t kStrideMax = 1U << 31;
inline constexpr unsigned kMaglevCandidatesMax = 65535;
inline constexpr unsigned kMaglevSlotsMax = 131071;

// Slot → position in `candidates`, of which there are 1 to kMaglevCandidatesMax. `slots` is a prime.
std::vector<std::uint16_t> fill_maglev(std::span<const MaglevCandidate> candidates, unsigned slots);

}  // namespace sluice::lb
