#pragma once
// HTTP(S) requests on the control thread: libcurl's multi interface driven by the Reactor. HTTP/1.1, connections kept
// and reused, dead peers noticed by TCP keep-alive and TCP_USER_TIMEOUT. Nothing here blocks: names are looked up by a
// thread of curl's.
//
// Callbacks run from the reactor, never from inside send(). They may send and cancel anything, also their own request.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/kube/access.h"
#include "control/reactor.h"

namespace sluice::control::kube {

struct Response {
  long status = 0;  // HTTP status; 0 when there was no whole answer.
  std::string
      error;         // Why there was none, or why it broke off: "192.0.2.10 port 6443: Connection refused". Else empty.
  std::string body;  // What on_data was not there to take.
  std::optional<std::chrono::seconds> retry_after;
};

struct HttpRequest {
  std::string method = "GET";
  std::string path;                  // "/api/v1/nodes?limit=500", put behind Access::server
  std::vector<std::string> headers;  // "Content-Type: application/json"
  std::string body;
  std::size_t body_max = 0;  // Bytes of the answer's body; a longer one is broken off with an error. 0: any number.
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{0};       // For the whole request; 0: none.
  std::chrono::milliseconds idle_timeout{0};  // Without a single byte; 0: none.
  std::function<void()> on_open;              // The answer began, and with 2xx.
  // Takes the body of a 2xx answer as it comes; other bodies go to Response::body.
  std::function<void(std::string_view bytes)> on_data;
  std::function<void(const Response& response)> on_done;  // Once, unless cancelled.
};

class HttpClient {
 public:
  explicit HttpClient(Reactor& reactor);
  ~HttpClient();  // Cancels everything.
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Owns the request: destroying or resetting it cancels. Safe to outlive the client, and to drop inside a callback.
  class Handle {
   public:
    Handle() = default;
    Handle(HttpClient& client, std::uint64_t id);
    Handle(Handle&& other) noexcept;
    Handle& operator=(Handle&& other) noexcept;
    ~Handle() { reset(); }
    void reset();

   private:
    std::weak_ptr<HttpClient*> client_;
    std::uint64_t id_ = 0;
  };

  // Never fails at once: also a bad URL or an unreadable token file is told by on_done.
  [[nodiscard]] Handle send(HttpRequest request, const Access& access);

 private:
  struct Transfer;
  struct Hooks;  // What curl calls.
  using TransferPtr = std::shared_ptr<Transfer>;

  void prepare(Transfer& transfer, const Access& access);
  void fail_later(std::uint64_t id, std::string error);
  void finish(std::uint64_t id, std::string error);
  void watch_silence(std::uint64_t id, Reactor::Clock::duration delay);
  void cancel(std::uint64_t id);
  void act(int fd, int events);
  void deliver();
  void hand_over(std::uint64_t id);

  Reactor& reactor_;
  void* multi_ = nullptr;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, TransferPtr> transfers_;
  std::vector<std::uint64_t> arrived_;  // Transfers with something to hand over.
  std::shared_ptr<HttpClient*> self_;   // Handles see by it whether the client still lives.
  Reactor::TimerId timer_ = 0;
};

}  // namespace sluice::control::kube
