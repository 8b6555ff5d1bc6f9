#include "control/netlink/socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <cassert>
#include <cerrno>
#include <chrono>
#include <utility>

#include <linux/rtnetlink.h>

namespace sluice::control::netlink {
namespace {

constexpr std::size_t kReceiveBytes = 64 << 10;  // The kernel makes datagrams of at most 32 KB.
constexpr std::chrono::milliseconds kAcknowledgedIn{2000};

base::Result<> wait_readable(int fd, std::chrono::milliseconds limit) {
  pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  const int count = ::poll(&ready, 1, static_cast<int>(limit.count()));
  if (count < 0 && errno != EINTR) return base::fail_errno("wait for the kernel");
  if (count == 0) return base::fail("the kernel did not answer");
  return {};
}

}  // namespace

Request::Request(std::uint16_t type, std::uint16_t flags) {
  nlmsghdr* const made = mnl_nlmsg_put_header(buffer_.data());
  made->nlmsg_type = type;
  made->nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
}

Request& Request::put(std::uint16_t type, Bytes value) {
  [[maybe_unused]] const bool fits = mnl_attr_put_check(header(), kSize, type, value.size(), value.data());
  assert(fits);
  return *this;
}

Request& Request::put(std::uint16_t type, std::uint32_t value) {
  return put(type, Bytes{reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
}

Request& Request::put(std::uint16_t type, const net::IpAddress& address) {
  if (address.is_v6()) return put(type, Bytes{address.v6().bytes});
  return put(type, address.v4().value.raw());
}

Socket::Socket(mnl_socket* socket) : socket_{socket}, buffer_(kReceiveBytes) {}

base::Result<Socket> Socket::open() {
  Socket socket{mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (!socket.socket_) return base::fail_errno("netlink: open socket");
  if (mnl_socket_bind(socket.socket_.get(), 0, MNL_SOCKET_AUTOPID) != 0) return base::fail_errno("netlink: bind");
  int on = 1;  // Both are comfort: sentences with errors, and errors without the request in them.
  mnl_socket_setsockopt(socket.socket_.get(), NETLINK_EXT_ACK, &on, sizeof on);
  mnl_socket_setsockopt(socket.socket_.get(), NETLINK_CAP_ACK, &on, sizeof on);
  return socket;
}

base::Result<> Socket::subscribe(int group) {
  if (mnl_socket_setsockopt(socket_.get(), NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
    return base::fail_errno("netlink: subscribe to group " + std::to_string(group));
  }
  return {};
}

void Socket::set_receive_buffer(int bytes) {
  if (::setsockopt(fd(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) == 0) return;
  ::setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

base::Result<std::uint32_t> Socket::send(Request request) {
  if (++sequence_ == 0) ++sequence_;  // Notifications have sequence number 0.
  request.header()->nlmsg_seq = sequence_;
  if (mnl_socket_sendto(socket_.get(), request.header(), request.header()->nlmsg_len) < 0) {
    return base::fail_errno("netlink: send");
  }
  return sequence_;
}

base::Result<Socket::Received> Socket::receive() {
  ssize_t size;
  do {
    size = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
  } while (size < 0 && errno == EINTR);
  if (size >= 0) return Received{Status::kMessages, Bytes{buffer_}.first(static_cast<std::size_t>(size))};
  if (errno == EAGAIN) return Received{Status::kNothing, {}};
  if (errno == ENOBUFS || errno == ENOSPC) return Received{Status::kOverrun, {}};  // ENOSPC: cut off.
  return base::fail_errno("netlink: receive");
}

base::Result<> Socket::execute(Request request, const std::function<void(const MessageView&)>& on_reply) {
  request.header()->nlmsg_flags |= NLM_F_ACK;
  const auto sequence = send(request);
  if (!sequence) return base::fail(sequence.message());
  std::optional<Acknowledgement> acknowledged;
  while (!acknowledged) {
    const auto received = receive();
    if (!received) return base::fail(received.message());
    if (received->status == Status::kOverrun) return base::fail("netlink: the kernel's answer was lost");
    if (received->status == Status::kNothing) {
      auto readable = wait_readable(fd(), kAcknowledgedIn);
      if (!readable) return readable;
      continue;
    }
    for_each_message(received->bytes, [&](const MessageView& message) {
      if (message.sequence != *sequence) return;  // Late answer to a request that was given up.
      if (message.type == NLMSG_ERROR) {
        acknowledged = parse_acknowledgement(message).value_or(Acknowledgement{EBADMSG, {}});
      } else if (on_reply) {
        on_reply(message);
      }
    });
  }
  if (acknowledged->error == 0) return {};
  const std::string reason = std::strerror(acknowledged->error);
  return base::fail(acknowledged->text.empty() ? reason : reason + " (" + acknowledged->text + ")");
}

}  // namespace sluice::control::netlink
