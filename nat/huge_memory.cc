#include "nat/huge_memory.h"

#include <sys/mman.h>

#include <fstream>
#include <new>
#include <string>
#include <utility>

namespace sluice::nat {
namespace {

constexpr std::size_t kSmallPage = 4096;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kHugeFrom = kHugePage / 2;  // Less is not worth a huge page.

constexpr std::size_t round_up(std::size_t bytes, std::size_t page) { return (bytes + page - 1) / page * page; }

bool kernel_has_transparent_huge_pages() {
  std::ifstream file{"/sys/kernel/mm/transparent_hugepage/enabled"};
  std::string choices;
  return std::getline(file, choices) && choices.find("[never]") == std::string::npos;
}

void touch_all(void* data, std::size_t bytes) {
  auto* byte = static_cast<volatile std::uint8_t*>(data);
  for (std::size_t offset = 0; offset < bytes; offset += kSmallPage) byte[offset] = 0;
}

}  // namespace

std::string_view to_string(PageKind kind) {
  switch (kind) {
    case PageKind::kHuge: return "huge pages";
    case PageKind::kTransparentHuge: return "transparent huge pages";
    case PageKind::kSmall: return "small pages";
  }
  return "?";
}

HugeMemory::HugeMemory(std::size_t bytes, ExplicitPages explicit_pages)
    : bytes_{round_up(bytes, bytes < kHugeFrom ? kSmallPage : kHugePage)} {
  if (bytes_ == 0) return;
  const bool wants_huge = bytes_ >= kHugePage && explicit_pages == ExplicitPages::kUse;
  if (!wants_huge || !map_huge()) map_normal();
  touch_all(data_, bytes_);
}

HugeMemory::~HugeMemory() {
  if (data_ != nullptr) munmap(data_, bytes_);
}

HugeMemory::HugeMemory(HugeMemory&& other) noexcept
    : data_{std::exchange(other.data_, nullptr)}, bytes_{std::exchange(other.bytes_, 0)}, pages_{other.pages_} {}

HugeMemory& HugeMemory::operator=(HugeMemory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(pages_, other.pages_);
  return *this;
}

// The pages are reserved by mmap itself, so touching them later cannot fail.
bool HugeMemory::map_huge() {
  void* const mapping = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (21 << MAP_HUGE_SHIFT), -1, 0);
  if (mapping == MAP_FAILED) return false;
  data_ = mapping;
  pages_ = PageKind::kHuge;
  return true;
}

// One huge page more is mapped and the ends are given back, since transparent huge pages need the alignment.
void HugeMemory::map_normal() {
  const std::size_t slack = bytes_ < kHugePage ? 0 : kHugePage;
  void* const mapping = mmap(nullptr, bytes_ + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc{};
  data_ = mapping;
  if (slack == 0) return;

  auto* const first = static_cast<std::uint8_t*>(mapping);
  const std::size_t misplaced = reinterpret_cast<std::uintptr_t>(mapping) % kHugePage;
  const std::size_t before = misplaced == 0 ? 0 : kHugePage - misplaced;
  if (before > 0) munmap(first, before);
  if (slack > before) munmap(first + before + bytes_, slack - before);
  data_ = first + before;
  if (madvise(data_, bytes_, MADV_HUGEPAGE) == 0 && kernel_has_transparent_huge_pages()) {
    pages_ = PageKind::kTransparentHuge;
  }
}

}  // namespace sluice::nat
