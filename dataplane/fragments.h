#pragma once
// Step "meet": fragments find the ports of their packet without it being put together ("virtual reassembly"; RFC 4787
// REQ-14, RFC 8200 4.5; ADR 11).
//
// A worker remembers for each packet that comes in fragments which parts of it came, and from the first one its ports.
// With these, a later fragment has a whole flow key. Those that come before the first wait for it, for a second at
// most. A packet of which all parts came is forgotten at once.
//
// Parts that overlap, and first ones too short for their transport header, are how packets are smuggled past those who
// look at them (RFC 1858, 3128, 5722): the packet that they are of is poisoned, none of it goes on any more.
//
// The table never grows. In a set that is full, a new packet takes the place of the oldest: that one most likely waits
// for a fragment that got lost. A flood of fragments thus hurts other fragmented packets only, and only those that take
// longer to come than the flood to go round.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/fragment.h"
#include "dataplane/packet.h"
#include "dataplane/waiting_fragments.h"
#include "nat/tick.h"

namespace sluice::dataplane {

class Fragments {
 public:
  static constexpr std::size_t kPacketsMax = 1024;  // In fragments at a time. A power of two.
  static constexpr std::size_t kPartsMax = 64;      // Of a packet; 65,535 bytes are 54 fragments of 1,280.
  static constexpr std::chrono::seconds kPatience{1};

  // The seed is secret: nobody can choose packets that share a set.
  explicit Fragments(std::uint64_t seed, std::size_t packets_max = kPacketsMax);

  // The worker that a fragment of kind kFragment goes to: one for all fragments of a packet.
  unsigned owner(const Packet& packet, unsigned workers) const;

  // Of a fragment of TCP, UDP or SCTP. On kContinue it has its ports, and is a first one (kTransport, kSctpFirst) or a
  // later one (kLater). On kHeld its buffer is kept, until give_back().
  Verdict meet(nat::Tick now, Packet& packet);

  // Lets go what has waited too long, looking at no more than `packets_max`.
  void expire(nat::Tick now, std::size_t packets_max) {
    if (packets_ != 0) [[unlikely]]
      sweep(now, packets_max);
  }

  void give_back(Burst& burst) { waiting_.give_back(burst); }
  std::size_t packets() const { return packets_; }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  static constexpr std::size_t kWays = 8;  // Of a set, in one cache line.

  struct Part {
    std::uint16_t begin, end;
    friend bool operator==(Part, Part) = default;
  };
  struct Fragmented {
    FragmentedKey key;
    nat::Tick began = 0;
    net::Ports ports;
    std::uint32_t came = 0;  // Bytes of data.
    std::uint32_t end = 0;   // Of the last part, once that has come.
    WaitingFragments::Chain waiting;
    std::uint8_t parts_count = 0;
    bool has_ports = false;
    bool is_poisoned = false;
    std::array<Part, kPartsMax> parts;

    std::span<const Part> all_parts() const { return {parts.data(), parts_count}; }
  };

  Fragmented& find_or_begin(nat::Tick now, const FragmentedKey& key);
  std::size_t free_way(std::size_t set);
  void forget(std::size_t number, Verdict waiting);  // What waits gets this verdict.
  Verdict poison(nat::Tick now, Fragmented& fragmented, Verdict verdict);
  void sweep(nat::Tick now, std::size_t packets_max);
  static Verdict fits(const Fragmented& fragmented, const FragmentPlace& place);

  const std::uint64_t seed_;
  std::vector<std::uint64_t> hashes_;  // By set and way; 0: free.
  std::vector<Fragmented> fragmented_;
  std::size_t packets_ = 0;
  std::size_t hand_ = 0;
  WaitingFragments waiting_;
};

}  // namespace sluice::dataplane
