#pragma once
// MTUs of the kernel's own interfaces, for ports that take one over: what af_packet reports of it is the limit of plain
// Ethernet, whatever the interface takes. Free of DPDK's own headers.

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"

namespace sluice::dataplane::dpdk {

// The interfaces of the process's network namespace, each with the most that its MTU can be; 0: not known.
std::map<std::string, std::uint32_t> look_at_interfaces();

base::Result<> set_interface_mtu(unsigned index, std::uint16_t mtu);

}  // namespace sluice::dataplane::dpdk
