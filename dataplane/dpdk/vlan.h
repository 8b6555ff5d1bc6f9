#pragma once
// VLANs at the rim: the pipeline never sees an 802.1Q tag.
//
// A port may be a VLAN on the wire of another one. What comes in by the wire with its id is that port's and loses the
// tag here, in software where the device has not taken it off already; what leaves by that port gets it. Everything
// between (answers, routes, MTU, captures) sees one more port.

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <span>

#include "dataplane/counters.h"

namespace sluice::dataplane::dpdk {

// What a worker has received and sent by a port that is a VLAN: its device counts for the whole wire. Written by the
// worker, read by control.
struct alignas(kCacheLine) VlanTraffic {
  Counter rx_packets, rx_bytes, tx_packets, tx_bytes;
};

// The VLANs of one wire that are ports.
class Vlans {
 public:
  Vlans() { ports_.fill(kNobody); }
  bool empty() const { return is_empty_; }
  void add(std::uint16_t id, std::uint16_t port) {
    ports_[id] = port;
    is_empty_ = false;
  }

  // The port that a frame belongs to, without the tag that says so; `wire` is the port of the wire itself. It gets what
  // has no tag, what is tagged for its priority only, and ids that nobody has asked for, these with their tag: they are
  // the kernel's.
  std::uint16_t take_off(rte_mbuf* frame, std::uint16_t wire) const;

 private:
  static constexpr std::uint16_t kNobody = 0xffff;
  bool is_empty_ = true;
  std::array<std::uint16_t, 4096> ports_;  // By id.
};

// What leaves by a VLAN gets.
struct VlanTag {
  std::uint16_t id = 0;
  bool is_put_on_by_device = false;

  void put_on(std::span<rte_mbuf*> frames, VlanTraffic& traffic) const;
};

}  // namespace sluice::dataplane::dpdk
