#pragma once
// What a worker has collected to send by one device in this turn. Not sent is dropped, and counted by name.

#include <rte_mbuf.h>

#include <array>
#include <cstdint>

#include "dataplane/counters.h"
#include "dataplane/dpdk/port.h"
#include "dataplane/dpdk/vlan.h"
#include "dataplane/packet.h"

namespace sluice::dataplane::dpdk {

class Transmit {
 public:
  // `full` is the verdict of packets that the device did not take.
  Transmit(Device& device, unsigned worker, WorkerCounters& counters, Verdict full)
      : device_{&device}, worker_{worker}, counters_{&counters}, full_{full} {}

  // From now on all of it leaves with this tag. Both must outlive this.
  void put_on(const VlanTag* tag, VlanTraffic* traffic) {
    tag_ = tag;
    traffic_ = traffic;
  }

  void add(rte_mbuf* packet) {
    packets_[count_++] = packet;
    if (count_ == packets_.size()) flush();
  }

  void flush() {
    if (count_ == 0) return;
    if (tag_ != nullptr) tag_->put_on({packets_.data(), count_}, *traffic_);
    std::uint16_t sent = device_->send(worker_, packets_.data(), count_);
    // One more try: software devices take a burst in pieces.
    if (sent < count_) {
      sent = static_cast<std::uint16_t>(
          sent + device_->send(worker_, packets_.data() + sent, static_cast<std::uint16_t>(count_ - sent)));
    }
    for (; sent < count_; ++sent) {
      counters_->packets[index(full_)].add(1);
      counters_->bytes[index(full_)].add(packets_[sent]->pkt_len);
      ::rte_pktmbuf_free(packets_[sent]);
    }
    count_ = 0;
  }

 private:
  Device* device_;
  unsigned worker_;
  WorkerCounters* counters_;
  Verdict full_;
  const VlanTag* tag_ = nullptr;
  VlanTraffic* traffic_ = nullptr;
  std::uint16_t count_ = 0;
  std::array<rte_mbuf*, 2 * kBurstMax> packets_;
};

}  // namespace sluice::dataplane::dpdk
