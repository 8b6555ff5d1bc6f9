#include "dataplane/dpdk/interface.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sluice::dataplane::dpdk {
namespace {

using base::fail;
using base::Result;

class Socket {
 public:
  Socket(int family, int type, int protocol) : descriptor_{::socket(family, type | SOCK_CLOEXEC, protocol)} {}
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// One link of the kernel's list.
void note_link(const nlmsghdr& message, std::map<std::string, std::uint32_t>& interfaces) {
  const auto* link = static_cast<const ifinfomsg*>(NLMSG_DATA(&message));
  auto left = static_cast<int>(IFLA_PAYLOAD(&message));
  std::string name;
  std::uint32_t most = 0;
  for (const auto* attribute = IFLA_RTA(link); RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    if (attribute->rta_type == IFLA_IFNAME) name = static_cast<const char*>(RTA_DATA(attribute));
    if (attribute->rta_type == IFLA_MAX_MTU) std::memcpy(&most, RTA_DATA(attribute), sizeof most);
  }
  interfaces[name] = most;
}

// Answers whether more follows.
bool note_links(const std::uint8_t* answer, std::size_t length, std::map<std::string, std::uint32_t>& interfaces) {
  auto left = static_cast<unsigned>(length);
  const auto* message = reinterpret_cast<const nlmsghdr*>(answer);
  for (; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
    if (message->nlmsg_type != RTM_NEWLINK) return false;  // The end, or an error.
    note_link(*message, interfaces);
  }
  return true;
}

}  // namespace

std::map<std::string, std::uint32_t> look_at_interfaces() {
  std::map<std::string, std::uint32_t> interfaces;
  const Socket socket{AF_NETLINK, SOCK_RAW, NETLINK_ROUTE};
  struct {
    nlmsghdr header{.nlmsg_len = NLMSG_LENGTH(sizeof(ifinfomsg)),
                    .nlmsg_type = RTM_GETLINK,
                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                    .nlmsg_seq = 1,
                    .nlmsg_pid = 0};
    ifinfomsg link{};
  } request;
  if (::send(socket.get(), &request, sizeof request, 0) < 0) return interfaces;
  alignas(nlmsghdr) std::array<std::uint8_t, 65536> answer;
  for (;;) {
    const ssize_t length = ::recv(socket.get(), answer.data(), answer.size(), 0);
    if (length <= 0 || !note_links(answer.data(), static_cast<std::size_t>(length), interfaces)) return interfaces;
  }
}

Result<> set_interface_mtu(unsigned index, std::uint16_t mtu) {
  ifreq request{};
  if (::if_indextoname(index, request.ifr_name) == nullptr) return fail("no interface has the number of this one");
  request.ifr_mtu = mtu;
  const Socket socket{AF_INET, SOCK_DGRAM, 0};
  if (::ioctl(socket.get(), SIOCSIFMTU, &request) == 0) return {};
  return fail("set MTU " + std::to_string(mtu) + " of interface " + request.ifr_name + ": " + std::strerror(errno));
}

}  // namespace sluice::dataplane::dpdk
