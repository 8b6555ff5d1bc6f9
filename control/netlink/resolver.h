#pragma once
// Keeps the link addresses of our next hops and backends known to the kernel.
//
// Forwarded packets do not pass through the kernel, so that it has no reason to resolve their neighbours. For each
// wanted address that is not reachable we ask it to (RTM_NEWNEIGH with NTF_USE: create the entry, start ARP or confirm
// a stale one), and again after 1 s, 2 s, 4 s, 5 s, 5 s … while it stays so. Addresses no longer wanted age in the
// kernel.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/result.h"
#include "control/netlink/kernel_state.h"
#include "control/netlink/objects.h"
#include "control/netlink/socket.h"
#include "control/reactor.h"

namespace sluice::control::netlink {

// How long to wait before the kernel is asked again, after `asked` times: doubles from `first` up to `longest`.
std::chrono::milliseconds back_off(unsigned asked, std::chrono::milliseconds first, std::chrono::milliseconds longest);

class Resolver {
 public:
  struct Options {
    std::chrono::milliseconds first_retry{1000};
    std::chrono::milliseconds longest_retry{5000};  // All nodes are found again within it when a wire comes back.
    std::chrono::milliseconds tick{50};   // While something is to be asked soon; nothing runs when all is resolved.
    std::size_t asked_per_tick_max = 64;  // A thousand nodes are asked for within a second, without a flood of ARP.
  };

  // `state` must live as long as this.
  static base::Result<std::unique_ptr<Resolver>> start(Reactor& reactor, const KernelState& state, Options options);
  static base::Result<std::unique_ptr<Resolver>> start(Reactor& reactor, const KernelState& state) {
    return start(reactor, state, Options{});
  }
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // The whole set that must stay resolved, from now on. Cheap when it is the same as before.
  void want(const std::vector<NeighbourKey>& wanted);

  std::size_t wanted_count() const { return wanted_.size(); }
  std::uint64_t asked_count() const { return asked_count_; }

 private:
  struct Progress {
    unsigned asked = 0;                    // Since it was last reachable.
    Reactor::Clock::time_point next_look;  // When its state is looked at again.
  };

  Resolver(Reactor& reactor, const KernelState& state, Socket socket, Options options);
  void tick();
  bool look_at(const NeighbourKey& key, Progress& progress, Reactor::Clock::time_point now);  // Whether it asked.

  Reactor& reactor_;
  const KernelState& state_;
  Socket socket_;
  Options options_;
  std::map<NeighbourKey, Progress> wanted_;
  Reactor::TimerId timer_ = 0;
  std::uint64_t asked_count_ = 0;
};

}  // namespace sluice::control::netlink
