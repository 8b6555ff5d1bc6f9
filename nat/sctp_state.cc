#include "nat/sctp_state.h"

namespace sluice::nat {
namespace {

using enum SctpState;

enum class Chunk : std::uint8_t {
  kOther,  // SACK, HEARTBEAT, HEARTBEAT ACK, ERROR, …
  kData,
  kInit,
  kInitAck,
  kCookieEcho,
  kCookieAck,
  kShutdown,
  kShutdownAck,
  kShutdownComplete,
  kAbort,
};
constexpr std::size_t kChunkCount = 10;

constexpr std::uint8_t kForwardTsn = 192, kIData = 64, kIForwardTsn = 194;  // RFC 3758, RFC 8260

Chunk chunk_of(std::uint8_t type) {
  switch (type) {
    case net::kSctpData:
    case kIData:
    case kForwardTsn:
    case kIForwardTsn: return Chunk::kData;
    case net::kSctpInit: return Chunk::kInit;
    case net::kSctpInitAck: return Chunk::kInitAck;
    case net::kSctpCookieEcho: return Chunk::kCookieEcho;
    case net::kSctpCookieAck: return Chunk::kCookieAck;
    case net::kSctpShutdown: return Chunk::kShutdown;
    case net::kSctpShutdownAck: return Chunk::kShutdownAck;
    case net::kSctpShutdownComplete: return Chunk::kShutdownComplete;
    case net::kSctpAbort: return Chunk::kAbort;
    default: return Chunk::kOther;
  }
}

using Row = std::array<SctpState, kChunkCount>;
using Table = std::array<Row, kSctpStateCount>;

struct Change {
  Chunk chunk;
  SctpState to;
};
// All chunks but these change nothing.
template <typename... Changes>
constexpr Row stays(SctpState state, Changes... changes) {
  Row row;
  row.fill(state);
  (void(row[static_cast<std::size_t>(changes.chunk)] = changes.to), ...);
  return row;
}
// Whatever else comes from the end that is said to have aborted proves that false.
constexpr Row disproved(SctpState state) {
  Row row = stays(kEstablished);
  row[static_cast<std::size_t>(Chunk::kAbort)] = state;
  return row;
}
constexpr Change shutdown(SctpState to) { return {Chunk::kShutdown, to}; }
constexpr Change shutdown_ack(SctpState to) { return {Chunk::kShutdownAck, to}; }
constexpr Change shutdown_complete(SctpState to) { return {Chunk::kShutdownComplete, to}; }
constexpr Change data(SctpState to) { return {Chunk::kData, to}; }
constexpr Change abort(SctpState to) { return {Chunk::kAbort, to}; }
constexpr Change init(SctpState to) { return {Chunk::kInit, to}; }
constexpr Change cookie_echo(SctpState to) { return {Chunk::kCookieEcho, to}; }

// A cookie that is echoed after an ABORT shows that there was none.
constexpr Table kFromClient{
    stays(kNone),
    stays(kInitSent, abort(kClosed)),
    stays(kInitAcked, abort(kClosed), cookie_echo(kCookieEchoed)),
    stays(kCookieEchoed, abort(kClosed)),
    stays(kEstablished, abort(kAbortedByClient), shutdown(kShutdownByClient), shutdown_ack(kShutdownAckedByClient)),
    stays(kShutdownByClient, abort(kAbortedByClient), data(kEstablished)),
    stays(kShutdownByNode, abort(kAbortedByClient), shutdown_ack(kShutdownAckedByClient)),
    stays(kShutdownAckedByClient, abort(kAbortedByClient), data(kEstablished)),
    stays(kShutdownAckedByNode, abort(kAbortedByClient), shutdown_complete(kClosed)),
    stays(kClosed, init(kInitSent), cookie_echo(kCookieEchoed)),
    disproved(kAbortedByClient),
    stays(kAbortedByNode, abort(kAbortedByClient), init(kInitSent)),
    stays(kOneWayUnknown, init(kOneWayInitSent)),
    stays(kOneWayInitSent, cookie_echo(kOneWayEstablished), abort(kOneWayClosed)),
    stays(kOneWayEstablished, shutdown(kOneWayClosed), shutdown_ack(kOneWayClosed), shutdown_complete(kOneWayClosed),
          abort(kOneWayClosed)),
    stays(kOneWayClosed, init(kOneWayInitSent)),
};

constexpr Table kFromNode{
    stays(kNone),
    stays(kInitSent, abort(kClosed), Change{Chunk::kInitAck, kInitAcked}),
    stays(kInitAcked, abort(kClosed)),
    stays(kCookieEchoed, abort(kClosed), Change{Chunk::kCookieAck, kEstablished}),
    stays(kEstablished, abort(kAbortedByNode), shutdown(kShutdownByNode), shutdown_ack(kShutdownAckedByNode)),
    stays(kShutdownByClient, abort(kAbortedByNode), shutdown_ack(kShutdownAckedByNode)),
    stays(kShutdownByNode, abort(kAbortedByNode), data(kEstablished)),
    stays(kShutdownAckedByClient, abort(kAbortedByNode), shutdown_complete(kClosed)),
    stays(kShutdownAckedByNode, abort(kAbortedByNode), data(kEstablished)),
    stays(kClosed),
    stays(kAbortedByClient, abort(kAbortedByNode)),
    disproved(kAbortedByNode),
    stays(kOneWayUnknown),
    stays(kOneWayInitSent, abort(kOneWayClosed)),
    stays(kOneWayEstablished, abort(kOneWayClosed)),
    stays(kOneWayClosed),
};

constexpr std::array<Table, 2> kNextState{kFromClient, kFromNode};

}  // namespace

SctpState next(SctpState state, Direction direction, std::uint8_t chunk) {
  return kNextState[static_cast<std::size_t>(direction)][static_cast<std::size_t>(state)]
                   [static_cast<std::size_t>(chunk_of(chunk))];
}

std::string_view to_string(SctpState state) {
  switch (state) {
    case kNone: return "-";
    case kInitSent: return "init-sent";
    case kInitAcked: return "init-acked";
    case kCookieEchoed: return "cookie-echoed";
    case kEstablished: return "established";
    case kShutdownByClient: return "shutdown-by-client";
    case kShutdownByNode: return "shutdown-by-node";
    case kShutdownAckedByClient: return "shutdown-acked-by-client";
    case kShutdownAckedByNode: return "shutdown-acked-by-node";
    case kClosed: return "closed";
    case kAbortedByClient: return "aborted-by-client";
    case kAbortedByNode: return "aborted-by-node";
    case kOneWayUnknown: return "one-way-unknown";
    case kOneWayInitSent: return "one-way-init-sent";
    case kOneWayEstablished: return "one-way-established";
    case kOneWayClosed: return "one-way-closed";
  }
  return "?";
}

}  // namespace sluice::nat
