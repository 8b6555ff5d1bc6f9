#pragma once
// Which packets a capture takes. Client, VIP and node are those of the packet's flow, where it has one: so both
// directions match, on both sides of the translation. A packet without a flow matches by its own addresses.

#include <bitset>
#include <cstdint>
#include <optional>

#include "dataplane/captured_packet.h"

namespace sluice::dataplane {

struct CaptureFilter {                                                    // Unset fields match everything.
  enum class Protocol : std::uint8_t { kTcp, kUdp, kSctp, kIcmp, kArp };  // ICMP of either family.

  std::optional<Protocol> protocol;
  FlowFilter flow;  // But for its protocol.
  std::optional<std::uint8_t> port;
  bool takes_arriving = true;
  bool takes_sent = true;
  std::bitset<kVerdictCount> verdicts;  // None set: all that do not come again (hand-overs, held fragments).

  // Of a packet that has its verdict.
  bool matches(const CapturedPacket& packet) const;
  // Which of its frames are wanted.
  bool wants_as_it_came(const CapturedPacket& packet) const;
  bool wants_as_sent(const CapturedPacket& packet) const;
};

}  // namespace sluice::dataplane
