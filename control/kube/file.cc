#include "control/kube/file.h"

#include <fcntl.h>
#include <unistd.h>

namespace sluice::control::kube {
namespace {

constexpr std::size_t kBytesMax = 1 << 20;

class File {
 public:
  explicit File(const std::string& path) : fd_{::open(path.c_str(), O_RDONLY | O_CLOEXEC)} {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

base::Result<std::string> read_file(const std::string& path) {
  const File file{path};
  if (file.fd() < 0) return base::fail_errno(path);
  std::string text;
  char chunk[4096];
  while (true) {
    const auto count = ::read(file.fd(), chunk, sizeof chunk);
    if (count < 0) return base::fail_errno(path);
    if (count == 0) return text;
    text.append(chunk, static_cast<std::size_t>(count));
    if (text.size() > kBytesMax) return base::fail(path + ": larger than 1 MiB");
  }
}

}  // namespace sluice::control::kube
