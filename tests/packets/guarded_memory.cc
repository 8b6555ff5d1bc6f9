#include "tests/packets/guarded_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <new>

namespace sluice::packets {
namespace {

constexpr std::size_t kOpenBytes = 8192;  // Between the guards.

}  // namespace

GuardedMemory::GuardedMemory() : page_size_{static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))} {
  void* const mapped = ::mmap(nullptr, kOpenBytes + 2 * page_size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc{};
  pages_ = static_cast<std::uint8_t*>(mapped);
  if (::mprotect(pages_ + page_size_, kOpenBytes, PROT_READ | PROT_WRITE) != 0) {
    ::munmap(pages_, kOpenBytes + 2 * page_size_);
    throw std::bad_alloc{};
  }
  data_ = pages_ + page_size_;
}

GuardedMemory::~GuardedMemory() { ::munmap(pages_, kOpenBytes + 2 * page_size_); }

std::uint8_t* GuardedMemory::place(View frame, Side side) {
  assert(frame.size() <= kFrameMax);
  std::uint8_t* const begin = pages_ + page_size_;
  side_ = side;
  size_ = frame.size();
  data_ = side == Side::kBegin ? begin : begin + kOpenBytes - size_;
  std::copy(frame.begin(), frame.end(), data_);
  std::fill_n(side == Side::kBegin ? data_ + size_ : data_ - kCanaries, kCanaries, kCanary);
  return data_;
}

View GuardedMemory::canaries() const { return {side_ == Side::kBegin ? data_ + size_ : data_ - kCanaries, kCanaries}; }

bool GuardedMemory::is_intact() const {
  return std::ranges::all_of(canaries(), [](std::uint8_t byte) { return byte == kCanary; });
}

}  // namespace sluice::packets
