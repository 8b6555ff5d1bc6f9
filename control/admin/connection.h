#pragma once
// One client of the admin socket: bytes in, requests to the handler, answers out, all without blocking.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "control/admin/file_descriptor.h"
#include "control/admin/frame.h"
#include "control/admin/server.h"
#include "control/reactor.h"

namespace sluice::control::admin {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // `on_end` is called once, when there is nothing left to do; it may let go of the connection.
  Connection(Reactor& reactor, FileDescriptor socket, const Handler& handler, std::function<void()> on_end);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  void refuse(std::string sentence);  // In place of start(): says it, then ends.

  // For Reply.
  bool is_asking(std::uint64_t question) const { return is_asking_ && question_ == question && !has_ended_; }
  bool has_sent_all() const { return outgoing_.empty(); }
  void reply(const Response& response);

 private:
  void on_ready(std::uint32_t events);
  void receive();
  void advance();
  bool take_request();
  void ask(const std::string& message);
  void answer(const Response& response);
  void say_last(std::string sentence);
  bool send_some();
  void watch();
  void end();

  Reactor& reactor_;
  FileDescriptor socket_;
  const Handler& handler_;
  std::function<void()> on_end_;
  FrameReader reader_{kRequestSizeMax};
  std::string outgoing_;
  std::size_t sent_ = 0;        // Bytes of `outgoing_`.
  std::uint64_t question_ = 0;  // Number of the request that is being answered.
  bool is_asking_ = false;      // The handler has not answered yet.
  bool is_advancing_ = false;   // Keeps an answer from within the handler from recursing.
  bool is_last_ = false;        // Nothing more will be read.
  bool has_ended_ = false;
  std::uint32_t watched_ = ~std::uint32_t{0};  // Events asked for; at first none ever.
};

}  // namespace sluice::control::admin
