#pragma once
// What a worker has seen of one packet on its way, as it is told to others: a value of fixed size, without the bytes.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

#include "dataplane/flow_record.h"
#include "dataplane/observer.h"
#include "dataplane/packet.h"
#include "dataplane/verdict.h"
#include "net/address.h"

namespace sluice::dataplane {

struct CapturedPacket {
  std::uint64_t arrived = 0;      // When the worker took it up, and when it was through with it: by the engine's
  std::uint64_t left = 0;         // clock, or where it says so in nanoseconds since 1970.
  std::uint16_t length = 0;       // Of the whole frame as it came …
  std::uint16_t sent_length = 0;  // … and as it went out; 0: it did not.
  std::uint8_t port = 0;          // By which it came, …
  std::uint8_t sent_port = 0;     // … and went.
  std::uint8_t worker = 0;
  bool was_handed_over = false;     // By the worker that received it.
  bool is_shown_as_it_came = true;  // Whether that frame was asked for, …
  bool is_shown_as_sent = true;     // … and this one.
  Verdict verdict{};
  Verdict instead_of = Verdict::kContinue;  // The drop that the verdict, a refusal, is the answer to.
  std::array<Verdict, kStepCount> said{};   // By step, of those that looked at it.
  std::array<bool, kStepCount> has_said{};  // Which those are.
  std::uint32_t epoch = 0;                  // Of the snapshot that it was served from.
  bool is_arp = false;
  PacketFamily family = PacketFamily::kNone;  // With a family or as ARP, it has addresses.
  Content content = Content::kOther;
  net::IpProtocol protocol{};          // ICMP of an error, whatever it quotes.
  net::IpAddress source, destination;  // Of an error those of the packet that it follows (see `Content`).
  net::Be16 source_port, destination_port;
  nat::Direction direction{};       // With a flow.
  std::optional<FlowRecord> found;  // The flow that `classify` found.
  std::optional<FlowRecord> flow;   // That it went with in the end.

  bool is_sent() const { return sent_length != 0; }
  bool has_said_anything(Step step) const { return has_said[index(step)]; }
};
static_assert(std::is_trivially_copyable_v<CapturedPacket>);

struct CapturedBytes {  // From the Ethernet header on, no more than were asked for.
  std::span<const std::uint8_t> came;
  std::span<const std::uint8_t> sent;
};

}  // namespace sluice::dataplane
