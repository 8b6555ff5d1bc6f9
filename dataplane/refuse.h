#pragma once
// Step "refuse": tells the sender of a packet that is dropped, where it would otherwise wait for its timeout: TCP by a
// reset (RFC 9293 3.5.2), SCTP by an ABORT (RFC 9260 8.4), UDP by "port unreachable", a packet whose time to live ended
// by "time exceeded", one too big for its way out by the MTU (RFC 792, RFC 1191, RFC 4443). Sender of all of them is
// the address that the packet was for: a VIP, or the node's SNAT address.
//
// The refusal is made in the packet's own bytes and goes out where the packet came in.

#include <cstdint>

#include "dataplane/packet.h"
#include "nat/tick.h"

namespace sluice::dataplane {

inline constexpr unsigned kRefusalsASecond = 1000;  // Of each worker; more packets are dropped in silence.

// How many refusals may go out: so many a second, and as many at once after a second without any (RFC 1812 4.3.2.8).
class RefusalLimit {
 public:
  explicit RefusalLimit(unsigned a_second);

  bool take(nat::Tick now);  // Whether one may go out now.

 private:
  const std::uint64_t a_second_;
  std::uint64_t credit_;  // In refusals, times the nanoseconds of a second.
  nat::Tick last_ = 0;
};

// What the sender of a dropped packet is told, or the drop itself where it is told nothing: the rule alone, without
// limit and room. `tcp_flags` count for TCP only. Of SCTP, some packets are answered otherwise, or not (sctp.h).
template <typename Family>
Verdict refusal_of(Verdict drop, const net::FlowKey<Family>& key, std::uint8_t tcp_flags);

// The verdict of a packet that was dropped: what its sender is told, or the drop that it is.
Verdict refuse(RefusalLimit& limit, nat::Tick now, Packet& packet);

}  // namespace sluice::dataplane
