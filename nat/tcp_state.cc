#include "nat/tcp_state.h"

#include "net/headers.h"

namespace sluice::nat {
namespace detail {
namespace {

using enum TcpState;

// The strongest flag speaks: RST before SYN before FIN.
constexpr std::array<Segment, 32> segments_of_flags() {
  std::array<Segment, 32> table{};
  for (std::size_t flags = 0; flags < table.size(); ++flags) {
    if ((flags & net::kTcpRst) != 0) {
      table[flags] = Segment::kRst;
    } else if ((flags & net::kTcpSyn) != 0) {
      table[flags] = (flags & net::kTcpAck) != 0 ? Segment::kSynAck : Segment::kSyn;
    } else if ((flags & net::kTcpFin) != 0) {
      table[flags] = Segment::kFin;
    }
  }
  return table;
}

using Row = std::array<TcpState, kSegmentCount>;
using Table = std::array<Row, kTcpStateCount>;

constexpr Table kFromClient{
    // other         SYN             SYN+ACK         FIN            RST
    Row{kNone, kNone, kNone, kNone, kNone},
    Row{kSynSent, kSynSent, kSynSent, kSynSent, kResetByClient},                                    // kSynSent
    Row{kEstablished, kSynReceived, kSynReceived, kClientClosed, kResetByClient},                   // kSynReceived
    Row{kEstablished, kEstablished, kEstablished, kClientClosed, kResetByClient},                   // kEstablished
    Row{kClientClosed, kClientClosed, kClientClosed, kClientClosed, kResetByClient},                // kClientClosed
    Row{kNodeClosed, kNodeClosed, kNodeClosed, kClosing, kResetByClient},                           // kNodeClosed
    Row{kClosing, kSynSent, kClosing, kClosing, kResetByClient},                                    // kClosing
    Row{kEstablished, kSynSent, kEstablished, kEstablished, kResetByClient},                        // kResetByClient
    Row{kResetByNode, kSynSent, kResetByNode, kResetByNode, kResetByClient},                        // kResetByNode
    Row{kOneWayUnknown, kOneWaySynSent, kOneWayUnknown, kOneWayUnknown, kOneWayUnknown},            // kOneWayUnknown
    Row{kOneWayEstablished, kOneWaySynSent, kOneWaySynSent, kOneWayClosed, kOneWayClosed},          // kOneWaySynSent
    Row{kOneWayEstablished, kOneWayEstablished, kOneWayEstablished, kOneWayClosed, kOneWayClosed},  // kOneWayEst.
    Row{kOneWayClosed, kOneWaySynSent, kOneWayClosed, kOneWayClosed, kOneWayClosed},                // kOneWayClosed
};

// A node's SYN without ACK answers the client's in a simultaneous open (RFC 5382 REQ-2).
constexpr Table kFromNode{
    // other         SYN             SYN+ACK         FIN            RST
    Row{kNone, kNone, kNone, kNone, kNone},
    Row{kSynSent, kSynReceived, kSynReceived, kSynSent, kResetByNode},                  // kSynSent
    Row{kSynReceived, kSynReceived, kSynReceived, kNodeClosed, kResetByNode},           // kSynReceived
    Row{kEstablished, kEstablished, kEstablished, kNodeClosed, kResetByNode},           // kEstablished
    Row{kClientClosed, kClientClosed, kClientClosed, kClosing, kResetByNode},           // kClientClosed
    Row{kNodeClosed, kNodeClosed, kNodeClosed, kNodeClosed, kResetByNode},              // kNodeClosed
    Row{kClosing, kClosing, kClosing, kClosing, kResetByNode},                          // kClosing
    Row{kResetByClient, kResetByClient, kResetByClient, kResetByClient, kResetByNode},  // kResetByClient
    Row{kEstablished, kEstablished, kEstablished, kEstablished, kResetByNode},          // kResetByNode
    Row{kOneWayUnknown, kOneWayUnknown, kOneWayUnknown, kOneWayUnknown, kOneWayUnknown},
    Row{kOneWaySynSent, kOneWaySynSent, kOneWaySynSent, kOneWaySynSent, kOneWayClosed},
    Row{kOneWayEstablished, kOneWayEstablished, kOneWayEstablished, kOneWayEstablished, kOneWayClosed},
    Row{kOneWayClosed, kOneWayClosed, kOneWayClosed, kOneWayClosed, kOneWayClosed},
};

}  // namespace

const std::array<Segment, 32> kSegmentOfFlags = segments_of_flags();
const std::array<Table, 2> kNextState{kFromClient, kFromNode};

}  // namespace detail

std::string_view to_string(TcpState state) {
  switch (state) {
    case TcpState::kNone: return "-";
    case TcpState::kSynSent: return "syn-sent";
    case TcpState::kSynReceived: return "syn-received";
    case TcpState::kEstablished: return "established";
    case TcpState::kClientClosed: return "client-closed";
    case TcpState::kNodeClosed: return "node-closed";
    case TcpState::kClosing: return "closing";
    case TcpState::kResetByClient: return "reset-by-client";
    case TcpState::kResetByNode: return "reset-by-node";
    case TcpState::kOneWayUnknown: return "one-way-unknown";
    case TcpState::kOneWaySynSent: return "one-way-syn-sent";
    case TcpState::kOneWayEstablished: return "one-way-established";
    case TcpState::kOneWayClosed: return "one-way-closed";
  }
  return "?";
}

}  // namespace sluice::nat
