#include "control/announce/l2.h"

#include <netpacket/packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/log.h"

namespace sluice::control::announce {

base::Result<SendFrame> open_packet_sender() {
  // Protocol zero: no packet is delivered to this socket.
  const int fd = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return base::fail_errno("open packet socket");
  const std::shared_ptr<const int> owner{new int{fd}, [](const int* owned) {
                                           ::close(*owned);
                                           delete owned;
                                         }};
  return [owner](int interface_index, std::span<const std::uint8_t> frame) -> base::Result<> {
    sockaddr_ll to{.sll_family = AF_PACKET, .sll_ifindex = interface_index, .sll_halen = sizeof(net::MacAddress)};
    const auto sent =
        ::sendto(*owner, frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    if (sent < 0) return base::fail_errno("send");
    return {};
  };
}

L2Announcer::L2Announcer(Reactor& reactor, SendFrame send, Options options)
    : reactor_{reactor}, send_{std::move(send)}, options_{options} {}

L2Announcer::~L2Announcer() { reactor_.cancel(timer_); }

void L2Announcer::announce(const net::IpAddress& vip, std::vector<Interface> interfaces) {
  withdraw(vip);
  if (interfaces.empty() || options_.rounds == 0) return;
  const auto next = schedule_.emplace(Reactor::Clock::now(), vip);
  announcements_.emplace(vip, Announcement{std::move(interfaces), options_.rounds, next});
  start_timer();
}

void L2Announcer::withdraw(const net::IpAddress& vip) {
  const auto found = announcements_.find(vip);
  if (found == announcements_.end()) return;
  schedule_.erase(found->second.next);
  announcements_.erase(found);
}

// Always by the timer, also for the first round: many VIPs taken in one turn share the batches.
void L2Announcer::start_timer() {
  reactor_.cancel(timer_);
  timer_ = 0;
  if (schedule_.empty()) return;
  const auto due = std::max(schedule_.begin()->first, next_batch_);
  timer_ = reactor_.after(due - Reactor::Clock::now(), [this] { send_due(); });
}

void L2Announcer::send_due() {
  const auto now = Reactor::Clock::now();
  const auto failed_before = frames_failed_;
  first_failure_.clear();
  for (std::size_t i = 0; i < options_.batch && !schedule_.empty() && schedule_.begin()->first <= now; ++i) {
    const net::IpAddress vip = schedule_.begin()->second;
    Announcement& announcement = announcements_.at(vip);
    send_round(vip, announcement);
    schedule_.erase(announcement.next);
    if (--announcement.rounds_left == 0) {
      announcements_.erase(vip);
    } else {
      announcement.next = schedule_.emplace(now + options_.between_rounds, vip);
    }
  }
  if (frames_failed_ != failed_before) {  // One line a batch: thousands of VIPs can fail together.
    spdlog::warn("announce {} ({} failed in this batch)", first_failure_, frames_failed_ - failed_before);
  }
  next_batch_ = now + options_.between_batches;
  start_timer();
}

void L2Announcer::send_round(const net::IpAddress& vip, const Announcement& due) {
  for (const Interface& interface : due.interfaces) {
    for (const Frame& frame : announcement(vip, interface.mac)) {
      const auto sent = send_(interface.index, frame);
      ++(sent ? frames_sent_ : frames_failed_);
      if (sent) continue;
      if (first_failure_.empty()) {
        first_failure_ = vip.to_string() + " on " + interface.name + ": " + sent.message();
      }
      break;  // The other form would fail as well.
    }
  }
}

}  // namespace sluice::control::announce
