#pragma once
// Tells the neighbours on a segment that a VIP is here now (frames.h says how) when this box takes it, so that routers
// and hosts with an older entry correct it at once. Requests for it are answered by the engine.
//
// A VIP is announced three times, 0, 1 and 2 s after it was taken or a port's link came back (change.h), out of the
// port's TAP, from where the workers send it to the wire. Frames are sent in batches with pauses, so that thousands of
// VIPs neither hold up the control thread nor overflow the TAP. What cannot be sent is logged and counted; the later
// rounds make up for it.
//
// Probing for conflicts and refreshing come with issue 6.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "control/announce/frames.h"
#include "control/reactor.h"
#include "net/address.h"

namespace sluice::control::announce {

struct Interface {
  int index = 0;        // The kernel's, of the port's TAP.
  std::string name;     // For the log.
  net::MacAddress mac;  // The port's: where the VIP is to be reached.
  bool operator==(const Interface&) const = default;
};

// Puts one frame onto an interface's wire.
using SendFrame = std::function<base::Result<>(int interface_index, std::span<const std::uint8_t> frame)>;

// The kernel's way to do so: one AF_PACKET socket for all interfaces, that receives nothing. Needs CAP_NET_RAW.
base::Result<SendFrame> open_packet_sender();

class L2Announcer {
 public:
  struct Options {
    unsigned rounds = 3;
    std::chrono::milliseconds between_rounds{1000};
    std::size_t batch = 64;  // VIPs a turn.
    std::chrono::milliseconds between_batches{10};
  };

  L2Announcer(Reactor& reactor, SendFrame send, Options options);
  L2Announcer(Reactor& reactor, SendFrame send) : L2Announcer{reactor, std::move(send), Options{}} {}
  ~L2Announcer();
  L2Announcer(const L2Announcer&) = delete;
  L2Announcer& operator=(const L2Announcer&) = delete;

  // Starts the rounds for `vip`, from the first if it was announced before (moved to other interfaces, link came back).
  void announce(const net::IpAddress& vip, std::vector<Interface> interfaces);
  // Ends what is left of them. Nothing is sent: neither ARP nor ND knows a way to say that an address is gone.
  void withdraw(const net::IpAddress& vip);

  std::uint64_t frames_sent() const { return frames_sent_; }
  std::uint64_t frames_failed() const { return frames_failed_; }

 private:
  using TimePoint = Reactor::Clock::time_point;
  using Schedule = std::multimap<TimePoint, net::IpAddress>;
  struct Announcement {
    std::vector<Interface> interfaces;
    unsigned rounds_left = 0;
    Schedule::iterator next;  // Its one entry in `schedule_`, while rounds are left.
  };

  void send_due();
  void send_round(const net::IpAddress& vip, const Announcement& due);
  void start_timer();

  Reactor& reactor_;
  SendFrame send_;
  Options options_;
  std::map<net::IpAddress, Announcement> announcements_;  // With rounds left.
  Schedule schedule_;
  TimePoint next_batch_{};
  Reactor::TimerId timer_ = 0;
  std::string first_failure_;  // Of the batch being sent.
  std::uint64_t frames_sent_ = 0;
  std::uint64_t frames_failed_ = 0;
};

}  // namespace sluice::control::announce
