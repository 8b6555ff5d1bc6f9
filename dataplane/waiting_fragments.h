#pragma once
// Fragments that wait for the first one of their packet, and those that need not any more.
//
// Waiting means that the engine's buffer stays with us. Places are given out in a ring: who comes when all were given
// takes the place of who came first, if that one still waits. So whoever sends fragments that nobody claims can crowd
// out only others that wait. What leaves is collected, and given back as bursts of its own: the steps have no other way
// to send a packet than to give it a verdict in a burst.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/packet.h"

namespace sluice::dataplane {

class WaitingFragments {
 public:
  static constexpr std::size_t kWaitingMax = 256;

  // Those of one packet, in the order that they came. Stands still while any wait.
  struct Chain {
    static constexpr std::uint16_t kNone = 0xffff;
    std::uint16_t first = kNone;
    std::uint16_t last = kNone;
  };

  WaitingFragments();

  void hold(Chain& chain, const Packet& packet);
  void release(Chain& chain, net::Ports ports);  // Their first fragment has told these.
  void drop(Chain& chain, Verdict verdict);
  std::size_t size() const { return waiting_; }

  // Puts what has left, and its verdict where it is dropped, into the burst; nothing if none has.
  void give_back(Burst& burst) {
    if (!leaving_.empty()) [[unlikely]]
      fill(burst);
  }

 private:
  struct Place {
    std::uint8_t* data = nullptr;  // None: the place is free.
    void* buffer = nullptr;
    Chain* chain = nullptr;
    std::uint16_t length = 0;
    std::uint16_t room = 0;
    std::uint16_t next = Chain::kNone;
    std::uint8_t port = 0;
    Verdict verdict = Verdict::kContinue;  // These two when it leaves.
    net::Ports ports;
  };

  void leave(Chain& chain, Verdict verdict, net::Ports ports);
  void leave_first(Chain& chain, Verdict verdict, net::Ports ports);
  void fill(Burst& burst);

  std::vector<Place> places_;
  std::size_t next_place_ = 0;
  std::size_t waiting_ = 0;
  std::vector<Place> leaving_;
  std::size_t given_back_ = 0;  // So many of those that leave.
};

}  // namespace sluice::dataplane
