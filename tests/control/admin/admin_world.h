#pragma once
// A directory of its own, a reactor, and clients that write whatever bytes a test wants.

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "control/admin/file_descriptor.h"
#include "control/admin/frame.h"
#include "control/admin/server.h"
#include "control/admin/socket_address.h"
#include "control/reactor.h"

namespace sluice::control::admin {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-admin-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string file(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

class RawClient {
 public:
  explicit RawClient(const std::string& path) : socket_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    const auto address = socket_address(path);
    EXPECT_EQ(::connect(socket_.get(), generic(*address), sizeof *address), 0) << path;
  }

  void write(std::string_view bytes) {
    EXPECT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  void write_nothing_more() { ::shutdown(socket_.get(), SHUT_WR); }
  void close() { socket_ = FileDescriptor{}; }

  // What has come so far; sets `is_closed()` at the end of the stream.
  void read() {
    std::array<char, 65536> piece;
    for (;;) {
      const ssize_t size = ::recv(socket_.get(), piece.data(), piece.size(), MSG_DONTWAIT);
      if (size < 0 && errno == EAGAIN) return;
      is_closed_ = size <= 0;
      if (is_closed_) return;
      reader_.append({piece.data(), static_cast<std::size_t>(size)});
    }
  }
  std::optional<Response> next() {
    const auto message = reader_.next();
    Response response;
    if (!message || !message->has_value() || !response.ParseFromString(**message)) return std::nullopt;
    return response;
  }
  bool is_closed() const { return is_closed_; }

 private:
  FileDescriptor socket_;
  FrameReader reader_{kResponseSizeMax};
  bool is_closed_ = false;
};

// Turns the reactor until `condition` holds; fails the test when that takes longer than any machine needs.
inline void run_until(Reactor& reactor, const std::function<bool()>& condition) {
  const auto deadline = Reactor::Clock::now() + std::chrono::seconds{10};
  while (!condition()) {
    ASSERT_LT(Reactor::Clock::now(), deadline);
    reactor.run_once(std::chrono::milliseconds{1});
  }
}

// The next answer that a client gets.
inline Response next_response(Reactor& reactor, RawClient& client) {
  std::optional<Response> response;
  run_until(reactor, [&] {
    client.read();
    response = client.next();
    return response.has_value() || client.is_closed();
  });
  return response.value_or(failure("closed without an answer"));
}

inline Request explain(std::string name) {
  Request request;
  request.mutable_explain_service()->set_name(std::move(name));
  return request;
}

// Answers a question about a service with one whose name is that.
inline Response echo(const Request& request) {
  Response response;
  response.mutable_service_explained()->mutable_service()->set_name(request.explain_service().name());
  return response;
}

}  // namespace sluice::control::admin
