#pragma once
// The daemon's side of the admin socket: reads requests, has them answered, writes the answers. Runs on the reactor.
//
// A client may send one request after another; each is handled when the one before is answered, so a client that does
// not read holds at most one answer, or a piece of one. A client that sends nonsense gets a sentence and is let go.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/result.h"
#include "control/admin/admin.pb.h"
#include "control/admin/server_socket.h"
#include "control/reactor.h"

namespace sluice::control::admin {

using sluice::admin::Request;
using sluice::admin::Response;

class Connection;

// Answers one request, on the reactor's thread: by one response, or by pieces and a last one. The client, or the
// server, may be gone meanwhile: then nothing happens. Copies answer the same request.
class Reply {
 public:
  enum class Reader {
    kGone,    // Or it has its last response.
    kBehind,  // It has not taken all of what was sent. Who goes on sending keeps it in memory.
    kReady,
  };

  Reply(std::weak_ptr<Connection> connection, std::uint64_t question)
      : connection_{std::move(connection)}, question_{question} {}

  void operator()(const Response& response) const;  // The only one, or the last.
  void piece(Response response) const;              // Others follow.
  Reader reader() const;

 private:
  std::shared_ptr<Connection> connection() const;  // Null: gone.

  std::weak_ptr<Connection> connection_;
  std::uint64_t question_;
};

// Replies now or later. The request lives only until the handler returns.
using Handler = std::function<void(const Request& request, Reply reply)>;

Response failure(std::string sentence);  // An answer that says why there is none.

class Server {
 public:
  static constexpr std::size_t kClientsMax = 256;

  // Fails as ServerSocket::listen() does. The reactor must outlive the server.
  static base::Result<std::unique_ptr<Server>> start(Reactor& reactor, const std::string& path, Handler handler);
  ~Server();  // Closes all connections and removes the socket's file. Not from within the handler.
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::size_t clients() const { return connections_.size(); }

 private:
  Server(Reactor& reactor, ServerSocket socket, Handler handler);
  void listen();
  void accept_all();
  void welcome(FileDescriptor socket);

  Reactor& reactor_;
  ServerSocket socket_;
  Handler handler_;
  Reactor::TimerId retry_ = 0;
  std::unordered_map<int, std::shared_ptr<Connection>> connections_;  // By file descriptor.
};

}  // namespace sluice::control::admin
