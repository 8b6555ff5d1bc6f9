#include "control/admin/client.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
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

// An open question.
class Conversation {
 public:
  Conversation(const std::string& path, milliseconds patience) : path_{path}, patience_{patience} {}

  base::Result<> begin(const Request& request) {
    auto socket = connect(path_, patience_);
    if (!socket) return base::fail(socket.message());
    socket_ = std::move(*socket);
    // A daemon that refuses says why and closes: what it said is still there to read.
    const int error = send_all(socket_.get(), to_frame(request));
    if (error != 0 && error != EPIPE && error != ECONNRESET) return broken(path_, error, patience_);
    return {};
  }

  // The next response; nothing when `on_signal` stops it.
  base::Result<std::optional<Response>> next(const std::function<Next()>& on_signal) {
    const auto message = receive(on_signal);
    if (!message) return base::fail(message.message());
    if (!message->has_value()) return std::optional<Response>{};
    Response response;
    if (!response.ParseFromString(**message)) return base::fail("sluiced at " + path_ + " answers in another language");
    if (!response.error().empty()) return base::fail(response.error());
    if (response.answer_case() == Response::ANSWER_NOT_SET) {
      return base::fail("sluiced at " + path_ + " gives an answer that this `sluice` does not know: other version?");
    }
    return std::optional{std::move(response)};
  }

 private:
  base::Result<std::optional<std::string>> receive(const std::function<Next()>& on_signal) {
    for (;;) {
      auto message = reader_.next();
      if (!message) return base::fail("sluiced at " + path_ + ": " + message.message());
      if (message->has_value()) return message;
      std::array<char, 65536> piece;
      const ssize_t size = ::recv(socket_.get(), piece.data(), piece.size(), 0);
      if (size > 0) {
        reader_.append({piece.data(), static_cast<std::size_t>(size)});
      } else if (size == 0) {
        return base::fail("sluiced at " + path_ + " ended before it had answered");
      } else if (errno != EINTR) {
        return broken(path_, errno, patience_);
      } else if (on_signal() == Next::kStop) {
        return std::optional<std::string>{};
      }
    }
  }

  const std::string& path_;
  const milliseconds patience_;
  FileDescriptor socket_;
  FrameReader reader_{kResponseSizeMax};
};

}  // namespace

base::Result<Response> ask(const std::string& path, const Request& request, milliseconds patience) {
  Conversation conversation{path, patience};
  if (const auto begun = conversation.begin(request); !begun) return base::fail(begun.message());
  auto response = conversation.next([] { return Next::kGoOn; });
  if (!response) return base::fail(response.message());
  return std::move(**response);
}

base::Result<> follow(const std::string& path, const Request& request, const Listener& listener,
                      milliseconds patience) {
  Conversation conversation{path, patience};
  if (auto begun = conversation.begin(request); !begun) return begun;
  for (;;) {
    const auto response = conversation.next(listener.on_signal);
    if (!response) return base::fail(response.message());
    if (!response->has_value()) return {};
    if (listener.on_response(**response) == Next::kStop || !(*response)->more()) return {};
  }
}

}  // namespace sluice::control::admin
