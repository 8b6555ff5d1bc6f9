#pragma once
// A small HTTP/1.1 server on 127.0.0.1 that runs on the test's own reactor and answers by a script: a test decides for
// each request which bytes go back, in which pieces, and when the connection ends.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control/kube/access.h"
#include "control/reactor.h"

namespace sluice::control::kube {

struct SeenRequest {
  std::string method;
  std::string path;  // With the query.
  std::string head;  // All header lines.
  std::string body;
};

// One connection. Sending after the peer has gone does nothing.
class Connection {
 public:
  Connection(Reactor& reactor, int fd) : reactor_{reactor}, fd_{fd} {}
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(std::string_view bytes);
  // A whole answer. `headers` are whole lines: "Retry-After: 3\r\n".
  void answer(int status, std::string_view body, std::string_view headers = {});
  void begin_stream();                  // 200 with a chunked body, as watches are answered.
  void stream(std::string_view bytes);  // One chunk.
  void end_stream();
  void close();
  bool open() const { return fd_ >= 0; }

 private:
  friend class FakeServer;
  Reactor& reactor_;
  int fd_;
  std::string received_;
};
using ConnectionPtr = std::shared_ptr<Connection>;

class FakeServer {
 public:
  using Handler = std::function<void(const SeenRequest& request, const ConnectionPtr& connection)>;

  explicit FakeServer(Reactor& reactor);
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  // The next requests in their order; what comes after them is only noted and never answered.
  void expect(Handler handler) { script_.push_back(std::move(handler)); }
  Access access() const;
  void stop();  // Refuses connections from here on.

  std::vector<SeenRequest> seen;
  std::vector<ConnectionPtr> connections;  // By request: the one that it came on.

 private:
  void accept();
  void receive(const ConnectionPtr& connection);
  bool take_request(const ConnectionPtr& connection);

  Reactor& reactor_;
  int fd_;
  std::uint16_t port_ = 0;
  std::deque<Handler> script_;
  std::map<int, ConnectionPtr> open_;
};

// Turns the reactor until `done`, at most five seconds: answers whether it came to that.
bool turn_until(Reactor& reactor, const std::function<bool()>& done);
// Turns the reactor until nothing happens any more that needs no time.
void settle(Reactor& reactor);

}  // namespace sluice::control::kube
