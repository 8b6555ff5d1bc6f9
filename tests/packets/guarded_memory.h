#pragma once
// Memory for one frame between two pages that nobody may touch: reading or writing one byte past the side at which the
// frame stands ends the program, and what is written on the other side is found by is_intact().

#include <cstddef>
#include <cstdint>

#include "tests/packets/receiver.h"

namespace sluice::packets {

enum class Side : std::uint8_t { kBegin, kEnd };

class GuardedMemory {
 public:
  static constexpr std::size_t kFrameMax = 8192 - 64;

  GuardedMemory();  // Throws std::bad_alloc.
  ~GuardedMemory();
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;

  // Copies the frame to that side, in place of the one before. At most kFrameMax bytes.
  std::uint8_t* place(View frame, Side side);
  View frame() const { return {data_, size_}; }
  bool is_intact() const;  // Nothing was written beside the frame.

 private:
  static constexpr std::size_t kCanaries = 64;
  static constexpr std::uint8_t kCanary = 0xa5;

  View canaries() const;

  std::uint8_t* pages_ = nullptr;  // The first of the guards.
  std::size_t page_size_;
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  Side side_ = Side::kEnd;
};

}  // namespace sluice::packets
