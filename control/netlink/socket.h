#pragma once
// A non-blocking rtnetlink socket: requests with sequence numbers, dumps, multicast groups. Owns its file descriptor.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <libmnl/libmnl.h>

#include "base/result.h"
#include "control/netlink/parse.h"
#include "net/address.h"

namespace sluice::control::netlink {

// A message under construction: type, the family's fixed header, attributes. At most 1 KB.
class Request {
 public:
  Request(std::uint16_t type, std::uint16_t flags);  // NLM_F_REQUEST is added.

  // Appends the fixed header (ifinfomsg, rtmsg, …), zeroed. Once, before the attributes; valid while this lives.
  template <typename Header>
  Header& fixed_header() {
    return *static_cast<Header*>(mnl_nlmsg_put_extra_header(header(), sizeof(Header)));
  }
  Request& put(std::uint16_t type, Bytes value);
  Request& put(std::uint16_t type, std::uint32_t value);
  Request& put(std::uint16_t type, const net::IpAddress& address);  // 4 or 16 bytes

  nlmsghdr* header() { return reinterpret_cast<nlmsghdr*>(buffer_.data()); }

 private:
  static constexpr std::size_t kSize = 1024;
  alignas(nlmsghdr) std::array<std::uint8_t, kSize> buffer_{};
};

class Socket {
 public:
  enum class Status { kMessages, kNothing, kOverrun };  // kOverrun: the kernel dropped notifications; dump afresh.
  struct Received {
    Status status = Status::kNothing;
    Bytes bytes;  // Valid until the next call.
  };

  static base::Result<Socket> open();

  int fd() const { return mnl_socket_get_fd(socket_.get()); }
  std::uint32_t port() const { return mnl_socket_get_portid(socket_.get()); }
  base::Result<> subscribe(int group);  // RTNLGRP_LINK, …
  void set_receive_buffer(int bytes);   // Beyond the system's limit when we may (CAP_NET_ADMIN).

  // Sends and answers the request's sequence number; replies come by receive().
  base::Result<std::uint32_t> send(Request request);
  base::Result<Received> receive();

  // Sends a request and waits for its acknowledgement, which the kernel queues while it takes the request: no waiting
  // in practice, 2 s at most. `on_reply` sees the messages before it. Not on a socket with subscriptions or dumps.
  base::Result<> execute(Request request, const std::function<void(const MessageView&)>& on_reply = {});

 private:
  struct Closer {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  explicit Socket(mnl_socket* socket);

  std::unique_ptr<mnl_socket, Closer> socket_;
  std::vector<std::uint8_t> buffer_;
  std::uint32_t sequence_ = 0;
};

}  // namespace sluice::control::netlink
