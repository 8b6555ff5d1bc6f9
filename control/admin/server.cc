#include "control/admin/server.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <chrono>
#include <utility>

#include "control/admin/connection.h"

namespace sluice::control::admin {

using namespace std::chrono_literals;

Response failure(std::string sentence) {
  Response response;
  response.set_error(std::move(sentence));
  return response;
}

base::Result<std::unique_ptr<Server>> Server::start(Reactor& reactor, const std::string& path, Handler handler) {
  auto socket = ServerSocket::listen(path);
  if (!socket) return base::fail(socket.message());
  std::unique_ptr<Server> server{new Server{reactor, std::move(*socket), std::move(handler)}};
  server->listen();
  return server;
}

Server::Server(Reactor& reactor, ServerSocket socket, Handler handler)
    : reactor_{reactor}, socket_{std::move(socket)}, handler_{std::move(handler)} {}

Server::~Server() {
  reactor_.cancel(retry_);
  reactor_.forget(socket_.fd());
}

void Server::listen() {
  reactor_.watch(socket_.fd(), EPOLLIN, [this](std::uint32_t) { accept_all(); });
}

void Server::accept_all() {
  for (;;) {
    FileDescriptor client{::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (client.is_open()) {
      welcome(std::move(client));
    } else if (errno != ECONNABORTED && errno != EINTR) {
      if (errno == EAGAIN) return;
      // No file descriptor or memory is left: the client stays in the queue and would keep the reactor spinning.
      reactor_.forget(socket_.fd());
      retry_ = reactor_.after(1s, [this] { listen(); });
      return;
    }
  }
}

void Server::welcome(FileDescriptor socket) {
  const int fd = socket.get();
  const bool may_ask = socket_.may_ask(fd);
  const bool has_room = connections_.size() < kClientsMax;
  const auto connection =
      std::make_shared<Connection>(reactor_, std::move(socket), handler_, [this, fd] { connections_.erase(fd); });
  connections_[fd] = connection;
  if (!may_ask) {
    connection->refuse("only root, the user that sluiced runs as and members of group 'sluice' may ask");
  } else if (!has_room) {
    connection->refuse("too many clients ask at once: try again later");
  } else {
    connection->start();
  }
}

}  // namespace sluice::control::admin
