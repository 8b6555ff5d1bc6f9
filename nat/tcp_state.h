#pragma once
// A TCP connection as a box in the middle sees it, by flags only (RFC 9293 3.3.2, RFC 5382, RFC 6146 3.5.2).
//
// Sequence numbers are not tracked, so a flag is a hint and not a proof:
// - A flow is established by the client's answer to SYN+ACK, never by the node alone: a flood of SYNs from forged
//   addresses leaves only embryonic flows.
// - RST does not end a flow, since anyone who guesses ports can send one (RFC 5382 section 8). It starts the short
//   timeout kResetBy…, which remembers who is said to have reset. An end that really did sends nothing but RST from
//   then on: one other segment from *that* end proves the RST false and the flow is established again. Segments from
//   the other end prove nothing (they were in flight) and bring nothing back.
// - FIN is remembered by side, so that a repeated FIN is not taken for the other side's.
// - A client's SYN in kClosing or kResetBy… starts anew (TIME_WAIT reuse, RFC 9293 3.6.1): see may_reuse().
//
// Where the node answers the client past us (delivery dsr), only the client is heard. Those flows have states of their
// own, kOneWay…: what the node says, if it comes by, changes none of them but for its RST. Of kOneWayUnknown nothing
// more is learnt: whoever begins with something else than SYN may have forged it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nat/direction.h"

namespace sluice::nat {

enum class TcpState : std::uint8_t {
  kNone,               // Not TCP.
  kSynSent,            // The client sent SYN.
  kSynReceived,        // The node answered SYN+ACK.
  kEstablished,        // The client answered that.
  kClientClosed,       // FIN from the client only.
  kNodeClosed,         // FIN from the node only.
  kClosing,            // FIN from both.
  kResetByClient,      // RST from the client's side.
  kResetByNode,        // RST from the node's side.
  kOneWayUnknown,      // Older than our memory, or forged.
  kOneWaySynSent,      // SYN only.
  kOneWayEstablished,  // Something else than SYN.
  kOneWayClosed,       // FIN or RST from the client, or RST from the node. Its last segments may follow.
};
inline constexpr std::size_t kTcpStateCount = 13;

// The state after a segment with these flags (net::kTcpSyn, …; others than SYN, ACK, FIN and RST do not matter).
TcpState next(TcpState state, Direction direction, std::uint8_t flags);

// No handshake seen to its end: first to go when the table is full.
constexpr bool is_embryonic(TcpState state) {
  return state == TcpState::kSynSent || state == TcpState::kSynReceived || state == TcpState::kOneWayUnknown ||
         state == TcpState::kOneWaySynSent;
}
constexpr bool is_half_closed(TcpState state) {
  return state == TcpState::kClientClosed || state == TcpState::kNodeClosed;
}
constexpr bool is_reset(TcpState state) { return state == TcpState::kResetByClient || state == TcpState::kResetByNode; }
// A client's SYN may take a flow in this state for a new connection: erase it and choose backend and port afresh.
constexpr bool may_reuse(TcpState state) {
  return state == TcpState::kClosing || state == TcpState::kOneWayClosed || state == TcpState::kOneWayUnknown ||
         is_reset(state);
}

std::string_view to_string(TcpState state);  // "syn-sent", "established", …; "-" for kNone

namespace detail {

enum class Segment : std::uint8_t { kOther, kSyn, kSynAck, kFin, kRst };
inline constexpr std::size_t kSegmentCount = 5;
inline constexpr std::uint8_t kFlagsThatMatter = 0x17;  // FIN, SYN, RST, ACK

extern const std::array<Segment, 32> kSegmentOfFlags;
extern const std::array<std::array<std::array<TcpState, kSegmentCount>, kTcpStateCount>, 2> kNextState;

}  // namespace detail

inline TcpState next(TcpState state, Direction direction, std::uint8_t flags) {
  const auto segment = detail::kSegmentOfFlags[flags & detail::kFlagsThatMatter];
  return detail::kNextState[static_cast<std::size_t>(direction)][static_cast<std::size_t>(state)]
                           [static_cast<std::size_t>(segment)];
}

}  // namespace sluice::nat
