#include "tests/control/kube/fake_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

namespace sluice::control::kube {

using namespace std::chrono_literals;

void Connection::send(std::string_view bytes) {
  while (open() && !bytes.empty()) {
    const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return close();
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void Connection::answer(int status, std::string_view body, std::string_view headers) {
  send("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" + std::string{headers} +
       "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body});
}

void Connection::begin_stream() { send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"); }

void Connection::stream(std::string_view bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  send(size + std::string{bytes} + "\r\n");
}

void Connection::end_stream() { send("0\r\n\r\n"); }

void Connection::close() {
  if (!open()) return;
  reactor_.forget(fd_);
  ::close(fd_);
  fd_ = -1;
}

FakeServer::FakeServer(Reactor& reactor) : reactor_{reactor}, fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd_, generic, length) != 0 || ::listen(fd_, 64) != 0 || ::getsockname(fd_, generic, &length) != 0) {
    throw std::runtime_error{"no port on 127.0.0.1"};
  }
  port_ = ntohs(address.sin_port);
  reactor_.watch(fd_, EPOLLIN, [this](std::uint32_t) { accept(); });
}

FakeServer::~FakeServer() {
  stop();
  for (const auto& [fd, connection] : open_) connection->close();
}

void FakeServer::stop() {
  if (fd_ < 0) return;
  reactor_.forget(fd_);
  ::close(fd_);
  fd_ = -1;
}

Access FakeServer::access() const {
  Access access;
  access.server = "http://127.0.0.1:" + std::to_string(port_);
  return access;
}

void FakeServer::accept() {
  const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  const auto connection = std::make_shared<Connection>(reactor_, fd);
  open_[fd] = connection;
  reactor_.watch(fd, EPOLLIN, [this, connection](std::uint32_t) { receive(connection); });
}

void FakeServer::receive(const ConnectionPtr& connection) {
  const auto held = connection;  // Closing forgets the callback that owns the argument.
  char bytes[4096];
  const auto count = ::recv(held->fd_, bytes, sizeof bytes, 0);
  if (count <= 0) return held->close();
  held->received_.append(bytes, static_cast<std::size_t>(count));
  while (take_request(held)) {
  }
}

bool FakeServer::take_request(const ConnectionPtr& connection) {
  auto& text = connection->received_;
  const auto head_end = text.find("\r\n\r\n");
  if (head_end == std::string::npos) return false;
  SeenRequest request;
  request.head = text.substr(0, head_end);
  const auto length_at = request.head.find("Content-Length: ");
  const auto length = length_at == std::string::npos ? 0 : std::stoul(request.head.substr(length_at + 16));
  if (text.size() < head_end + 4 + length) return false;
  request.body = text.substr(head_end + 4, length);
  text.erase(0, head_end + 4 + length);
  const auto space = request.head.find(' ');
  request.method = request.head.substr(0, space);
  request.path = request.head.substr(space + 1, request.head.find(' ', space + 1) - space - 1);
  seen.push_back(request);
  connections.push_back(connection);
  if (script_.empty()) return true;
  const auto handler = std::move(script_.front());
  script_.pop_front();
  handler(request, connection);
  return connection->open();
}

bool turn_until(Reactor& reactor, const std::function<bool()>& done) {
  const auto deadline = Reactor::Clock::now() + 5s;
  while (!done()) {
    if (Reactor::Clock::now() > deadline) return false;
    reactor.run_once(10ms);
  }
  return true;
}

void settle(Reactor& reactor) {
  for (int i = 0; i < 20; ++i) reactor.run_once(1ms);
}

}  // namespace sluice::control::kube
