#pragma once
// How long a flow may be idle before it is forgotten.

#include <chrono>

#include "nat/flow.h"
#include "nat/tick.h"

namespace sluice::nat {

struct Timeouts {                                     // in ticks; build them from durations with timeout_ticks()
  Tick syn = timeout_ticks(std::chrono::seconds{5});  // handshake not seen to its end
  Tick established = timeout_ticks(std::chrono::minutes{124});  // RFC 5382 REQ-5: not below 2 h 4 min
  Tick half_closed = timeout_ticks(std::chrono::seconds{120});  // FIN one way
  Tick closing = timeout_ticks(std::chrono::seconds{10});       // FIN both ways
  Tick reset = timeout_ticks(std::chrono::seconds{10});         // RST; see nat/tcp_state.h
  Tick udp_unreplied = timeout_ticks(std::chrono::seconds{30});
  Tick udp = timeout_ticks(std::chrono::seconds{180});  // RFC 4787 REQ-5: not below 2 min, 5 min advised
  // RFC 4787 REQ-5c lets well-known ports have less. A resolver asks once from a port of its own and asks again after
  // 5 s (resolv.conf): 10 s hold a question through one repetition, 5 s after the answer hold a late duplicate.
  Tick dns_unreplied = timeout_ticks(std::chrono::seconds{10});
  Tick dns = timeout_ticks(std::chrono::seconds{5});
  // A silent association shows by HEARTBEATs that it lives: the next one comes after HB.interval (30 s), and the peer
  // is given up after Path.Max.Retrans (5) of them and one RTO.Max (60 s; RFC 9260 8.2, 8.3, 16). Linux has the same.
  Tick sctp_established = timeout_ticks(std::chrono::seconds{210});
  Tick sctp_init = timeout_ticks(std::chrono::seconds{5});       // As for SYN; RTO.Initial is 1 s, doubled twice.
  Tick sctp_shutdown = timeout_ticks(std::chrono::seconds{60});  // RTO.Max: SHUTDOWN is not repeated later than that.
  Tick sctp_closed = timeout_ticks(std::chrono::seconds{10});    // SHUTDOWN COMPLETE or ABORT; Linux has the same.
  // Not an idle time: age from which an embryonic flow may be evicted when the table is full.
  Tick embryonic_age_min = timeout_ticks(std::chrono::seconds{1});
};

inline constexpr net::Be16 kDnsPort{53};

inline Tick tcp_idle_limit(TcpState state, const Timeouts& timeouts) {
  switch (state) {
    case TcpState::kNone:
    case TcpState::kSynSent:
    case TcpState::kSynReceived:
    case TcpState::kOneWaySynSent: return timeouts.syn;
    case TcpState::kEstablished:
    case TcpState::kOneWayEstablished: return timeouts.established;
    case TcpState::kClientClosed:
    case TcpState::kNodeClosed:
    case TcpState::kOneWayUnknown:
    case TcpState::kOneWayClosed: return timeouts.half_closed;
    case TcpState::kClosing: return timeouts.closing;
    case TcpState::kResetByClient:
    case TcpState::kResetByNode: return timeouts.reset;
  }
  return timeouts.syn;
}

inline Tick sctp_idle_limit(SctpState state, const Timeouts& timeouts) {
  switch (state) {
    case SctpState::kNone:
    case SctpState::kInitSent:
    case SctpState::kInitAcked:
    case SctpState::kCookieEchoed:
    case SctpState::kOneWayInitSent: return timeouts.sctp_init;
    case SctpState::kEstablished:
    case SctpState::kOneWayEstablished: return timeouts.sctp_established;
    case SctpState::kShutdownByClient:
    case SctpState::kShutdownByNode:
    case SctpState::kShutdownAckedByClient:
    case SctpState::kShutdownAckedByNode:
    case SctpState::kOneWayUnknown:
    case SctpState::kOneWayClosed: return timeouts.sctp_shutdown;
    case SctpState::kClosed:
    case SctpState::kAbortedByClient:
    case SctpState::kAbortedByNode: return timeouts.sctp_closed;
  }
  return timeouts.sctp_init;
}

// A flow is to be forgotten when elapsed(now, flow.last_seen) > idle_limit(flow, timeouts).
template <typename Family>
Tick idle_limit(const Flow<Family>& flow, const Timeouts& timeouts) {
  if (flow.protocol == net::IpProtocol::kTcp) return tcp_idle_limit(flow.state, timeouts);
  if (flow.protocol == net::IpProtocol::kSctp) return sctp_idle_limit(flow.sctp_state, timeouts);
  const bool replied = (flow.flags & kFlowReplied) != 0;
  if (flow.vip_port == kDnsPort) return replied ? timeouts.dns : timeouts.dns_unreplied;
  return replied ? timeouts.udp : timeouts.udp_unreplied;
}

}  // namespace sluice::nat
