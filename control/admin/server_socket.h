#pragma once
// The listening socket in the file system, and who may talk to it.

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "control/admin/file_descriptor.h"

namespace sluice::control::admin {

// A unix socket bound to a path; the file goes with it, unless somebody else has put another there meanwhile.
class ServerSocket {
 public:
  // Makes the parent directory if it is missing. Replaces the file of a daemon that is gone; fails when one answers
  // there, or when the file is no socket. Mode 0660, of group `sluice` where there is such a group.
  static base::Result<ServerSocket> listen(const std::string& path);

  ServerSocket(ServerSocket&& other) noexcept = default;
  ServerSocket& operator=(ServerSocket&&) = delete;
  ~ServerSocket();

  int fd() const { return socket_.get(); }
  // Root, the daemon's own user, and members of group `sluice`, as the kernel tells of the peer's process.
  bool may_ask(int peer_fd) const;

 private:
  ServerSocket(FileDescriptor socket, std::string path, ino_t inode, std::optional<gid_t> group);

  FileDescriptor socket_;
  std::string path_;
  ino_t inode_ = 0;
  std::optional<gid_t> group_;
};

inline constexpr const char* kGroup = "sluice";

}  // namespace sluice::control::admin
