#pragma once
// An SCTP association as a box in the middle sees it, by the type of each packet's first chunk (RFC 9260 4). Beside
// tcp_state.h, whose reasons hold here, too.
//
// Verification tags are not tracked, so a chunk is a hint and not a proof:
// - A flow is embryonic until the client has echoed the node's cookie: a flood of INITs from forged addresses leaves
//   only embryonic flows. It is established by the node's answer to the cookie, never by the client alone.
// - ABORT does not end an association. It starts the short timeout kAbortedBy…, which remembers who is said to have
//   aborted. One other packet from *that* end proves the ABORT false. Before the association is there, a cookie does.
// - An end that is said to have sent SHUTDOWN, and sends DATA, has not. SHUTDOWN ACK and SHUTDOWN COMPLETE count from
//   opposite ends only.
// - An INIT in an open association is a restart of its client (RFC 9260 5.2.2): it goes where the association is.
// - Control chunks may stand before an ABORT or a SHUTDOWN. Then it is missed, and the flow waits for its timeout.
//
// Where the node answers the client past us (delivery dsr), flows have the states kOneWay…, as those of TCP do.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nat/direction.h"
#include "net/headers.h"

namespace sluice::nat {

enum class SctpState : std::uint8_t {
  kNone,              // Not SCTP.
  kInitSent,          // The client sent INIT.
  kInitAcked,         // The node answered INIT ACK, with a cookie.
  kCookieEchoed,      // The client sent that back.
  kEstablished,       // The node answered COOKIE ACK.
  kShutdownByClient,  // SHUTDOWN from the client. The node may have data left to send.
  kShutdownByNode,    // SHUTDOWN from the node.
  kShutdownAckedByClient,
  kShutdownAckedByNode,
  kClosed,             // SHUTDOWN COMPLETE, or ABORT before there was an association.
  kAbortedByClient,    // ABORT from the client's side.
  kAbortedByNode,      // ABORT from the node's side.
  kOneWayUnknown,      // Older than our memory, or forged.
  kOneWayInitSent,     // INIT only.
  kOneWayEstablished,  // The client echoed the cookie.
  kOneWayClosed,       // The client shuts down or aborts, or the node aborts.
};
inline constexpr std::size_t kSctpStateCount = 16;

// The state after a packet that begins with a chunk of this type (net::kSctpInit, …).
SctpState next(SctpState state, Direction direction, std::uint8_t chunk);

// No cookie was echoed: first to go when the table is full.
constexpr bool is_embryonic(SctpState state) {
  return state == SctpState::kInitSent || state == SctpState::kInitAcked || state == SctpState::kOneWayUnknown ||
         state == SctpState::kOneWayInitSent;
}
// Only the client has spoken: another node may still take its place.
constexpr bool is_unanswered(SctpState state) {
  return state == SctpState::kInitSent || state == SctpState::kOneWayInitSent;
}
// A client's INIT may take a flow in this state for a new association: erase it and choose backend and port afresh. Not
// while SHUTDOWN COMPLETE is missing: the node answers such an INIT by SHUTDOWN ACK (RFC 9260 9.2).
constexpr bool may_reuse(SctpState state) {
  return state == SctpState::kClosed || state == SctpState::kAbortedByClient || state == SctpState::kAbortedByNode ||
         state == SctpState::kOneWayClosed || state == SctpState::kOneWayUnknown;
}

std::string_view to_string(SctpState state);  // "init-sent", "established", …; "-" for kNone

}  // namespace sluice::nat
