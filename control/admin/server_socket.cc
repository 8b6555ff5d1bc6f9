#include "control/admin/server_socket.h"

#include <grp.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "control/admin/socket_address.h"

namespace sluice::control::admin {
namespace {

constexpr int kBacklog = 64;

FileDescriptor open_socket() {
  return FileDescriptor{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
}

base::Result<> make_parent(const std::string& path) {
  const auto parent = std::filesystem::path{path}.parent_path();
  if (parent.empty()) return {};
  std::error_code error;
  std::filesystem::create_directories(parent, error);
  if (error) return base::fail(parent.string() + ": " + error.message());
  return {};
}

// Whose process listens, for the sentence: " (process 123)", or nothing.
std::string owner(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid == 0) return "";
  return " (process " + std::to_string(peer.pid) + ")";
}

// Leaves nothing at `path`, or says why that cannot be.
base::Result<> make_room(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    return errno == ENOENT ? base::Result<>{} : base::fail_errno(path);
  }
  if (!S_ISSOCK(status.st_mode)) return base::fail(path + ": is there already, but is no socket; remove it");
  const FileDescriptor probe = open_socket();
  // EAGAIN: its backlog is full, so somebody listens.
  if (::connect(probe.get(), generic(address), sizeof address) == 0 || errno == EAGAIN) {
    return base::fail(path + ": another sluiced answers there" + owner(probe.get()) + "; end it first");
  }
  if (errno != ECONNREFUSED) return base::fail_errno(path);
  if (::unlink(path.c_str()) != 0) return base::fail_errno("remove " + path);
  return {};
}

std::optional<gid_t> find_group() {
  const group* found = ::getgrnam(kGroup);
  return found == nullptr ? std::nullopt : std::optional{found->gr_gid};
}

std::vector<gid_t> groups_of_peer(int fd) {
  socklen_t size = 0;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, nullptr, &size) == 0 || errno != ERANGE) return {};
  std::vector<gid_t> groups(size / sizeof(gid_t));
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) return {};
  return groups;
}

}  // namespace

base::Result<ServerSocket> ServerSocket::listen(const std::string& path) {
  const auto address = socket_address(path);
  if (!address) return base::fail(address.message());
  if (const auto made = make_parent(path); !made) return base::fail(made.message());
  if (const auto made = make_room(path, *address); !made) return base::fail(made.message());

  FileDescriptor socket = open_socket();
  if (!socket.is_open()) return base::fail_errno("socket for " + path);
  if (::bind(socket.get(), generic(*address), sizeof *address) != 0) return base::fail_errno(path);
  // Nobody can connect before listen(), so the rights are right from the first moment.
  const auto group = find_group();
  if (group && ::chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0 && errno != EPERM) {
    return base::fail_errno("give " + path + " to group " + kGroup);
  }
  struct stat status {};
  if (::chmod(path.c_str(), 0660) != 0 || ::lstat(path.c_str(), &status) != 0 ||
      ::listen(socket.get(), kBacklog) != 0) {
    return base::fail_errno(path);
  }
  return ServerSocket{std::move(socket), path, status.st_ino, group};
}

ServerSocket::ServerSocket(FileDescriptor socket, std::string path, ino_t inode, std::optional<gid_t> group)
    : socket_{std::move(socket)}, path_{std::move(path)}, inode_{inode}, group_{group} {}

ServerSocket::~ServerSocket() {
  if (!socket_.is_open()) return;
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0 && status.st_ino == inode_) ::unlink(path_.c_str());
}

bool ServerSocket::may_ask(int peer_fd) const {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(peer_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  if (peer.uid == 0 || peer.uid == ::geteuid()) return true;
  if (!group_) return false;
  const auto groups = groups_of_peer(peer_fd);
  return peer.gid == *group_ || std::find(groups.begin(), groups.end(), *group_) != groups.end();
}

}  // namespace sluice::control::admin
