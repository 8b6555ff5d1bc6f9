#pragma once
// What the pipeline's fuzzer does to a box, written as bytes: a sequence of acts, each of two control bytes, a length
// of two bytes and so many bytes of a frame. Any bytes at all are a script; a last act that is cut off counts as it is.

#include <cstdint>
#include <vector>

#include "tests/cases/world.h"
#include "tests/packets/receiver.h"

namespace sluice::fuzz {

struct Act {
  // Bits of the first byte.
  static constexpr std::uint8_t kAtLan = 0x01;         // The port that it comes in by.
  static constexpr std::uint8_t kSecondWorker = 0x02;  // Whose queue it comes into, where there are two.
  static constexpr std::uint8_t kAtBegin = 0x04;       // The side of its memory that it stands at.
  static constexpr std::uint8_t kWait = 0x08;          // `value` says how long, before the frame.
  static constexpr std::uint8_t kPublish = 0x10;       // `value` says what, before the frame.
  // The frame is the node's answer to the last packet that went to a node; its first byte, if any, the TCP flags, the
  // two behind, if any, make an IPv4 answer a fragment.
  static constexpr std::uint8_t kAnswer = 0x20;
  static constexpr std::uint8_t kMoreFollow = 0x40;  // In one burst with the next frame.
  // The frame is an ICMP error about the last packet of a flow that was sent. Its first byte, if any, says how many
  // bytes of that are quoted; the others change these.
  static constexpr std::uint8_t kError = 0x80;

  std::uint8_t control = 0;
  std::uint8_t value = 0;
  packets::Bytes frame;

  bool has(std::uint8_t bit) const { return (control & bit) != 0; }
};

// The changes of the world, one a bit.
inline std::uint8_t value_of(const cases::Change& change) {
  const auto bit = [](bool is_set, unsigned number) { return static_cast<unsigned>(is_set) << number; };
  return static_cast<std::uint8_t>(
      bit(change.http_backend == cases::kBackend2, 0) | bit(change.http_backend == lb::kNoBackend, 1) |
      bit(!change.http_exists, 2) | bit(change.dns_backend == cases::kBackend2, 3) |
      bit(change.dns_node_port != cases::Change{}.dns_node_port, 4) | bit(change.next_hops_shifted, 5) |
      bit(change.backend1_state == lb::BackendState::kDown, 6));
}

inline cases::Change change_of(std::uint8_t value) {
  const auto has = [&](unsigned number) { return (value >> number & 1) != 0; };
  cases::Change change;
  if (has(0)) change.http_backend = cases::kBackend2;
  if (has(1)) change.http_backend = lb::kNoBackend;
  change.http_exists = !has(2);
  if (has(3)) change.dns_backend = cases::kBackend2;
  if (has(4)) change.dns_node_port = 31053;
  change.next_hops_shifted = has(5);
  if (has(6)) change.backend1_state = lb::BackendState::kDown;
  if (has(7)) change.delivery = has(4) ? lb::Delivery::kDsr : lb::Delivery::kDnat;
  return change;
}

inline void append(packets::Bytes& script, const Act& act) {
  const std::size_t length = act.frame.size();
  script.insert(script.end(),
                {act.control, act.value, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)});
  script.insert(script.end(), act.frame.begin(), act.frame.end());
}

inline std::vector<Act> acts_of(packets::View script) {
  std::vector<Act> acts;
  while (script.size() >= 4) {
    const std::size_t length = std::size_t{packets::read16(script, 2)};
    Act act{.control = script[0], .value = script[1], .frame = {}};
    script = script.subspan(4);
    const packets::View frame = script.first(length < script.size() ? length : script.size());
    act.frame.assign(frame.begin(), frame.end());
    script = script.subspan(frame.size());
    acts.push_back(std::move(act));
  }
  return acts;
}

}  // namespace sluice::fuzz
