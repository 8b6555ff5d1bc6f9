#pragma once
// Frames that are wrong in many ways: those of the packet cases and whatever is added, changed at random. The same seed
// makes the same frames on every machine.

#include <cstdint>
#include <random>
#include <vector>

#include "tests/packets/receiver.h"

namespace sluice::packets {

std::vector<Bytes> frames_of_all_cases();

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed, std::vector<Bytes> seeds = frames_of_all_cases())
      : random_{seed}, seeds_{std::move(seeds)} {}

  // Puts a frame in place of an earlier added one when there are many: answers of a flow that lives now.
  void add(Bytes frame);
  Bytes next();
  std::size_t below(std::size_t limit) { return random_() % limit; }
  Bytes random_bytes(std::size_t size);

 private:
  void change(Bytes& frame);
  void make_fragment(Bytes& frame);

  static constexpr std::size_t kAddedMax = 64;

  std::mt19937_64 random_;
  std::vector<Bytes> seeds_;
  std::vector<Bytes> added_;
};

}  // namespace sluice::packets
