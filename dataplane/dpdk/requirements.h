#pragma once
// What the engine needs of the machine, looked at before DPDK starts: DPDK itself answers with its usage text, or with
// an errno that many causes share. Free of DPDK's own headers.

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "dataplane/dpdk/start.h"

namespace sluice::dataplane::dpdk {

// What the machine has, and lets this process do.
struct Host {
  std::set<unsigned> cpus;                          // That this process may use.
  unsigned cpu_count = 0;                           // Of the machine: 0 to cpu_count - 1.
  std::map<std::string, std::uint32_t> interfaces;  // As look_at_interfaces() has them.
  std::size_t devices_max = SIZE_MAX;               // That DPDK was built for.
  bool has_net_admin = false;                       // CAP_NET_ADMIN, in force.
  bool has_net_raw = false;                         // CAP_NET_RAW, in force.
  std::string tun_problem;                          // Why /dev/net/tun cannot be opened; empty: it can.
};

Host look_at_host();

// A sentence for each thing that is missing.
std::vector<std::string> missing(const ForwarderOptions& options, const Host& host);

// "0-3,8"
std::string cpu_list(const std::set<unsigned>& cpus);

}  // namespace sluice::dataplane::dpdk
