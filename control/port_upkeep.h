#pragma once
// Keeps the kernel's side of the ports as configured: addresses and routes that somebody removed come back.
//
// The kernel forgets routes with their link (`ip link set sl-wan down`), and IPv6 addresses too. A link that was set
// down on purpose is left alone; what belongs to it comes back when it is up again. What the kernel refuses, or what a
// route of a lower metric hides, is tried once and not again before something else has changed.

#include <vector>

#include "base/result.h"
#include "control/netlink/configure.h"
#include "control/netlink/objects.h"
#include "control/options.h"

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
  // `ports` must outlive this.
  explicit PortUpkeep(const std::vector<PortOptions>& ports) : ports_{ports} {}

  // At start: links up with their MTU, addresses, routes. The first failure ends it.
  base::Result<> set_up();
  // After a change in the kernel. Failures are logged.
  void mend(const KernelView& kernel);

 private:
  const std::vector<PortOptions>& ports_;
  std::vector<PortLack> tried_;  // That mend() worked on last; empty while nothing is missing.
};

}  // namespace sluice::control
