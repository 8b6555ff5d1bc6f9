#pragma once
// Has a device bring packets to their workers by itself (nat::Rss), as far as it can: what it is told, and whether it
// answers that it will. Free of DPDK's own headers but for rss.cc.
//
// Nothing depends on it: a worker that receives what is another's hands it over. Whether a device keeps its word is
// seen from how much that is (PortStatus::handed_over).

#include <cstdint>
#include <string>
#include <vector>

#include "nat/rss.h"

namespace sluice::dataplane::dpdk {

// What the driver says of itself, in DPDK's units.
struct RssCapabilities {
  std::uint64_t types = 0;        // RTE_ETH_RSS_*
  std::size_t key_bytes = 0;      // 0: the driver has no opinion.
  std::size_t table_entries = 0;  // 0: none that could be set.
  unsigned queues = 1;            // That are in use.
};

struct RssPlan {
  std::string why_not;               // A sentence's end, if packets will have to be handed over; else empty.
  std::uint64_t types = 0;           // 0: nothing is set.
  std::vector<std::uint8_t> key;     // Empty: left as it is.
  std::vector<std::uint16_t> table;  // Queue by entry; empty: left as it is.
};

RssPlan plan_rss(const RssCapabilities& can, const nat::Rss& rss);

// After the device has started: sets the table, and asks for all of it back. Answers why not all is as planned.
std::string settle_rss(std::uint16_t device, const RssPlan& plan);

}  // namespace sluice::dataplane::dpdk
