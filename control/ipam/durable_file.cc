#include "control/ipam/durable_file.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace sluice::control::ipam {
namespace {

using namespace std::chrono_literals;

constexpr auto kLockPatience = 1000ms;
constexpr auto kLockRetry = 20ms;

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : number_{::open(path.c_str(), flags | O_CLOEXEC, 0640)} {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

base::Result<> write_and_sync(const std::string& path, std::string_view content) {
  const Descriptor file{path, O_WRONLY | O_CREAT | O_TRUNC};
  if (!file.is_open()) return base::fail_errno("open " + path);
  while (!content.empty()) {
    const ssize_t written = ::write(file.number(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return base::fail_errno("write " + path);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.number()) != 0) return base::fail_errno("sync " + path);
  return {};
}

base::Result<> sync_folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor descriptor{folder, O_RDONLY | O_DIRECTORY};
  if (!descriptor.is_open() || ::fsync(descriptor.number()) != 0) return base::fail_errno("sync " + folder);
  return {};
}

}  // namespace

base::Result<std::optional<std::string>> read_whole_file(const std::string& path) {
  const Descriptor file{path, O_RDONLY};
  if (!file.is_open() && errno == ENOENT) return std::optional<std::string>{};
  if (!file.is_open()) return base::fail_errno("open " + path);
  std::string content;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t count = ::read(file.number(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::fail_errno("read " + path);
    if (count == 0) return std::optional{std::move(content)};
    content.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

base::Result<> replace_file(const std::string& path, std::string_view content) {
  const std::string fresh = path + ".new";
  if (auto written = write_and_sync(fresh, content); !written) {
    ::unlink(fresh.c_str());
    return written;
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return base::fail_errno("rename " + fresh + " to " + path);
  return sync_folder_of(path);
}

base::Result<FileLock> FileLock::take(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) return base::fail_errno("open " + path);
  FileLock lock{descriptor};
  // A process that was killed a moment ago may not be gone yet.
  for (auto waited = 0ms; ::flock(descriptor, LOCK_EX | LOCK_NB) != 0; waited += kLockRetry) {
    if (errno != EWOULDBLOCK) return base::fail_errno("lock " + path);
    if (waited >= kLockPatience) return base::fail(path + ": another process holds this lock");
    std::this_thread::sleep_for(kLockRetry);
  }
  return lock;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace sluice::control::ipam
