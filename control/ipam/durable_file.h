#pragma once
// A small file that survives a crash at any instant: readers find the old content or the new one, never a mixture.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace sluice::control::ipam {

// The whole content; nothing if there is no such file.
base::Result<std::optional<std::string>> read_whole_file(const std::string& path);

// Writes `path`.new, syncs it, renames it to `path` and syncs the folder. On failure the old file stays as it was,
// unless only the last sync failed. A `path`.new left behind by a crash is overwritten. Mode 0640.
base::Result<> replace_file(const std::string& path, std::string_view content);

// Keeps others that ask for the same lock out, until destroyed or until the process ends in whatever way (flock(2)).
class FileLock {
 public:
  static base::Result<FileLock> take(const std::string& path);  // Makes the file if need be. Waits a second at most.
  FileLock(FileLock&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_{descriptor} {}
  int descriptor_;
};

}  // namespace sluice::control::ipam
