#pragma once
// Zeroed memory for tables that are read at random, on the largest pages there are.
//
// Explicit huge pages (MAP_HUGETLB) if enough are free, else transparent ones where the kernel has them (madvise), else
// small ones. Every page is touched at construction: a fault of 2 MB costs as much as a thousand packets, and memory
// that is promised is then really there. Throws std::bad_alloc when the kernel has none. Aligned to 64 bytes at least.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::nat {

enum class ExplicitPages : std::uint8_t { kUse, kAvoid };  // Whether to ask for MAP_HUGETLB at all.
enum class PageKind : std::uint8_t { kHuge, kTransparentHuge, kSmall };
std::string_view to_string(PageKind kind);  // "huge pages", "transparent huge pages", "small pages"

class HugeMemory {
 public:
  explicit HugeMemory(std::size_t bytes, ExplicitPages explicit_pages = ExplicitPages::kUse);
  ~HugeMemory();
  HugeMemory(HugeMemory&& other) noexcept;
  HugeMemory& operator=(HugeMemory&& other) noexcept;

  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }  // as taken from the kernel, rounded up to whole pages
  PageKind pages() const { return pages_; }

 private:
  bool map_huge();
  void map_normal();

  void* data_ = nullptr;
  std::size_t bytes_ = 0;
  PageKind pages_ = PageKind::kSmall;
};

}  // namespace sluice::nat
