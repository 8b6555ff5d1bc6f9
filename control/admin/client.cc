#include "control/admin/client.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "control/admin/file_descriptor.h"
#include "control/admin/frame.h"
#include "control/admin/socket_address.h"

namespace sluice::control::admin {
namespace {

using sluice::admin::Request;
using sluice::admin::Response;
using std::chrono::milliseconds;

base::Failure no_daemon(const std::string& path, int error) {
  const std::string reason = " (" + std::string{std::strerror(error)} + ")";
  switch (error) {
    case ENOENT:
    case ECONNREFUSED: return base::fail("no sluiced at " + path + ": is it running?" + reason);
    case EACCES:
    case EPERM:
      return base::fail("may not ask sluiced at " + path + ": be root or a member of group 'sluice'" + reason);
    default: return base::fail("cannot reach sluiced at " + path + reason);
  }
}

base::Failure broken(const std::string& path, int error, milliseconds patience) {
  if (error == EAGAIN || error == EINPROGRESS) {
    return base::fail("sluiced at " + path + " does not answer: nothing came for " +
                      std::to_string(patience.count() / 1000) + " s");
  }
  return base::fail_errno("sluiced at " + path, error);
}

base::Result<FileDescriptor> connect(const std::string& path, milliseconds patience) {
  const auto address = socket_address(path);
  if (!address) return base::fail(address.message());
  FileDescriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!socket.is_open()) return base::fail_errno("socket");
  const timeval limit{.tv_sec = patience.count() / 1000, .tv_usec = patience.count() % 1000 * 1000};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (::connect(socket.get(), generic(*address), sizeof *address) != 0) {
    return errno == EAGAIN ? broken(path, errno, patience) : no_daemon(path, errno);
  }
  return socket;
}

// Answers 0 or errno.
int send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(size));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

base::Result<std::string> receive_message(const std::string& path, int fd, milliseconds patience) {
  FrameReader reader{kResponseSizeMax};
  std::array<char, 65536> piece;
  for (;;) {
    auto message = reader.next();
    if (!message) return base::fail("sluiced at " + path + ": " + message.message());
    if (message->has_value()) return std::move(**message);
    const ssize_t size = ::recv(fd, piece.data(), piece.size(), 0);
    if (size > 0) {
      reader.append({piece.data(), static_cast<std::size_t>(size)});
    } else if (size == 0) {
      return base::fail("sluiced at " + path + " ended before it had answered");
    } else if (errno != EINTR) {
      return broken(path, errno, patience);
    }
  }
}

}  // namespace

base::Result<Response> ask(const std::string& path, const Request& request, milliseconds patience) {
  const auto socket = connect(path, patience);
  if (!socket) return base::fail(socket.message());
  // A daemon that refuses says why and closes: what it said is still there to read.
  const int error = send_all(socket->get(), to_frame(request));
  if (error != 0 && error != EPIPE && error != ECONNRESET) return broken(path, error, patience);
  const auto message = receive_message(path, socket->get(), patience);
  if (!message) return base::fail(message.message());
  Response response;
  if (!response.ParseFromString(*message)) return base::fail("sluiced at " + path + " answers in another language");
  if (!response.error().empty()) return base::fail(response.error());
  if (response.answer_case() == Response::ANSWER_NOT_SET) {
    return base::fail("sluiced at " + path + " gives an answer that this `sluice` does not know: other version?");
  }
  return response;
}

}  // namespace sluice::control::admin
