#pragma once
// What the daemon is started with, in the terms of the parts that it starts. Made from the configuration file.

#include <string>
#include <vector>

#include "control/configuration.h"
#include "control/departures.h"
#include "control/health/prober.h"
#include "control/netlink/configure.h"
#include "dataplane/dpdk/start.h"
#include "nat/timeouts.h"

namespace sluice::control {

struct PortOptions {  // The kernel's side of a dataplane port.
  std::string name;
  std::string tap;
  std::uint16_t mtu = 1500;
  bool announces_vips = true;
  std::vector<netlink::InterfaceAddress> addresses;
  std::vector<netlink::StaticRoute> routes;
};

struct Options {
  std::string log_level;
  std::string state_dir;
  std::string admin_socket;
  dataplane::dpdk::ForwarderOptions forwarder;
  std::vector<PortOptions> ports;
  std::vector<ipam::Pool> pools;
  std::vector<ClusterOptions> clusters;
  health::Settings probes;
  nat::Timeouts timeouts;
  Patience patience;
  std::chrono::nanoseconds longest_idle{};  // No flow lives longer than this without a packet.
};

Options make_options(Configuration configuration);  // which is ok()

}  // namespace sluice::control
