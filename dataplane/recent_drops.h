#pragma once
// The last packets of every kind of drop as they came in, so that one sees what was dropped, and not only how much.
//
// The worker writes, control reads at any time, neither waits: each record stands between two writes of its version (a
// sequence lock). Flows are asked for by message, since there are millions of them; these few can be read where they
// lie, also while their worker hangs, which is when one looks.
//
// Of each kind no more are written in a tick than are kept: later ones would only push out the first. So a flood of
// drops pays a look at a table of bytes for each packet and 480 copies a second, and hides no drops of other kinds.
//
// Not here is what a full queue dropped (drop_handover_full, drop_transmit_full, drop_kernel_full): it was not the
// packet's fault, and any other would have done.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <vector>

#include "dataplane/counters.h"
#include "dataplane/packet.h"
#include "dataplane/verdict.h"
#include "nat/tick.h"

namespace sluice::dataplane {

struct DroppedPacket {
  // Two IPv6 headers behind Ethernet, the second quoted by an ICMP error, and the ports that follow.
  static constexpr std::size_t kBytesMax = 112;

  std::array<std::uint8_t, kBytesMax> bytes{};  // Zeros behind the frame's end.
  nat::Tick when = 0;
  std::uint16_t length = 0;  // Of the whole frame.
  std::uint8_t port = 0;     // Where it came in.
  Verdict end{};             // The drop, or what its sender was told instead.

  friend bool operator==(const DroppedPacket&, const DroppedPacket&) = default;
};

// Holds one record, which one thread writes and others may read meanwhile.
class alignas(kCacheLine) DroppedPacketSlot {
 public:
  void write(const DroppedPacket& packet);
  std::optional<DroppedPacket> read() const;  // Nothing while none is written, or one just is.

 private:
  static_assert(std::has_unique_object_representations_v<DroppedPacket>);
  using Words = std::array<std::uint64_t, sizeof(DroppedPacket) / sizeof(std::uint64_t)>;

  std::atomic<std::uint64_t> version_{0};  // Odd while the words are written.
  std::array<std::atomic<std::uint64_t>, std::tuple_size_v<Words>> words_{};
};
static_assert(sizeof(DroppedPacketSlot) == 2 * kCacheLine);

class RecentDrops {
 public:
  static constexpr std::size_t kKept = 8;  // Of each kind of drop.

  RecentDrops() { begin_tick(0); }

  // Worker: for a packet that the steps are through with. `end` gives the verdict that it ends with, and may overwrite
  // its bytes: what is kept came in. A packet that is not dropped only ends.
  template <typename End>
  Verdict record(nat::Tick now, const Packet& packet, End end) {
    const Verdict drop = packet.verdict;
    if (!has_room(now, drop)) return end();
    DroppedPacket dropped = as_it_came(now, packet);
    dropped.end = end();
    keep(drop, dropped);
    return dropped.end;
  }
  void record(nat::Tick now, Burst& burst);  // The same for all that are dropped with their verdict.

  // Any thread: of this kind, the newest first.
  std::vector<DroppedPacket> latest(Verdict drop) const;

 private:
  bool has_room(nat::Tick now, Verdict drop) {
    if (now != tick_) begin_tick(now);
    return room_[index(drop)] != 0;
  }
  void begin_tick(nat::Tick now);
  static DroppedPacket as_it_came(nat::Tick now, const Packet& packet);
  void keep(Verdict drop, const DroppedPacket& packet);

  nat::Tick tick_ = 0;
  std::array<std::uint8_t, kVerdictCount> room_{};  // How many more in this tick; none of what is no drop.
  std::array<Counter, kVerdictCount> written_;
  std::array<std::array<DroppedPacketSlot, kKept>, kVerdictCount> slots_;
};

}  // namespace sluice::dataplane
