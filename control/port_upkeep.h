#pragma once
// Keeps the kernel's side of the ports as configured: addresses and routes that somebody removed come back.
//
// The kernel forgets routes with their link (`ip link set sl-wan down`), and IPv6 addresses too. A link that was set
// down on purpose is left alone; what belongs to it comes back when it is up again. What the kernel refuses, what a
// route of a lower metric hides, and what somebody removes again and again is tried at a growing distance, and told
// once.

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/netlink/configure.h"
#include "control/netlink/objects.h"
#include "control/options.h"
#include "control/reactor.h"

namespace sluice::control {

struct KernelView {
  std::vector<netlink::Link> links;
  std::vector<netlink::Address> addresses;
  std::vector<netlink::Route> routes;  // The best of each prefix.
};

// What is missing on one TAP.
struct PortLack {
  std::string tap;
  std::vector<netlink::InterfaceAddress> addresses;
  std::vector<netlink::StaticRoute> routes;

  bool operator==(const PortLack&) const = default;
};

// Of the ports whose TAP is there and up, those that miss something. Pure.
std::vector<PortLack> find_lacks(const std::vector<PortOptions>& ports, const KernelView& kernel);

class PortUpkeep {
 public:
  // `look` shows the kernel as it is now. Both references, and what `look` looks at, must outlive this.
  PortUpkeep(Reactor& reactor, const std::vector<PortOptions>& ports, std::function<KernelView()> look)
      : reactor_{reactor}, ports_{ports}, look_{std::move(look)} {}
  ~PortUpkeep() { reactor_.cancel(timer_); }
  PortUpkeep(const PortUpkeep&) = delete;
  PortUpkeep& operator=(const PortUpkeep&) = delete;

  // At start: links up with their MTU, addresses, routes. The first failure ends it.
  base::Result<> set_up();
  // Something has changed in the kernel: mends what is missing, now or when its time has come.
  void changed();

 private:
  void mend();
  void repair(const std::vector<PortLack>& lacks);
  void tell(const std::string& what, const base::Result<>& done);

  Reactor& reactor_;
  const std::vector<PortOptions>& ports_;
  std::function<KernelView()> look_;
  unsigned tries_ = 0;                       // In a row, without seeing everything in its place.
  Reactor::TimerId timer_ = 0;               // Of the next look; 0 if none is due.
  std::map<std::string, std::string> told_;  // Item → outcome, since everything was in its place.
};

}  // namespace sluice::control
