#pragma once
// One client connection through us, both directions, in one cache line (IPv6: in two).
//
// A to-node packet client → vip becomes snat → node; a to-client packet node → snat becomes vip → client. The
// checksum deltas are those of the to-node direction; the other one uses their inverse. Where nothing is translated on
// the client's side (delivery dnat), snat is the client itself; where nothing is at all (dsr), the node's half is the
// client's turned round. Written only by its worker.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "nat/direction.h"
#include "nat/sctp_state.h"
#include "nat/tcp_state.h"
#include "nat/tick.h"
#include "net/address.h"
#include "net/checksum.h"
#include "net/flow_key.h"
#include "net/headers.h"

namespace sluice::nat {

inline constexpr std::uint8_t kFlowReplied = 0x01;     // The node has sent something.
inline constexpr std::uint16_t kNoPortGroup = 0xffff;  // The client keeps its own port: no pool gave one.

// Addresses and ports of one side, as net::FlowKey begins.
template <typename Family>
struct FlowHalf {
  typename Family::Address source;
  typename Family::Address destination;
  net::Be16 source_port;
  net::Be16 destination_port;
};
static_assert(sizeof(FlowHalf<net::Ipv4>) == 12 && sizeof(FlowHalf<net::Ipv6>) == 36);

template <typename Family>
struct alignas(64) Flow {
  using Address = typename Family::Address;
  using Key = net::FlowKey<Family>;
  using Half = FlowHalf<Family>;

  // Two halves laid out as FlowHalf: what a packet has when it comes in, to-node first, then to-client. What it
  // has when it goes out is the other half turned round.
  Address client;
  Address vip;
  net::Be16 client_port;
  net::Be16 vip_port;
  Address node;
  Address snat;
  net::Be16 node_port;
  net::Be16 snat_port;

  Tick last_seen = 0;
  std::uint32_t backend = 0;          // BackendId of the load balancer
  std::uint32_t service = 0;          // stable service id
  std::uint32_t epoch = 0;            // of the snapshot that client_next_hop was looked up in; the pipeline's
  net::ChecksumDelta ip_delta;        // addresses, for the IPv4 header
  net::ChecksumDelta l4_delta;        // addresses and ports, for TCP and UDP (SCTP: net/crc32c.h)
  std::uint16_t client_next_hop = 0;  // cached route to the client; the pipeline's
  std::uint16_t port_group = 0;       // of the SNAT port, for PortPool::release; or kNoPortGroup
  net::MacAddress client_mac;         // source of the client's latest frame
  net::IpProtocol protocol{};
  TcpState state = TcpState::kNone;
  std::uint8_t flags = 0;  // kFlowReplied
  SctpState sctp_state = SctpState::kNone;
  std::uint32_t table_link = 0;  // FlowTable's own: free list, or "in use"

  Key to_node_key() const { return {client, vip, client_port, vip_port, protocol}; }
  Key to_client_key() const { return {node, snat, node_port, snat_port, protocol}; }
  Key key(Direction direction) const { return direction == Direction::kToNode ? to_node_key() : to_client_key(); }

  Half half(Direction direction) const {
    Half half;
    std::memcpy(&half, half_bytes(direction), sizeof half);
    return half;
  }

  // The same as key(direction) == other, in few loads and without a branch.
  bool matches(const Key& other, Direction direction) const {
    const std::uint8_t* const ours = half_bytes(direction);
    const auto* const theirs = reinterpret_cast<const std::uint8_t*>(&other);
    std::uint64_t difference = static_cast<unsigned>(protocol) ^ static_cast<unsigned>(other.protocol);
    for (std::size_t at = 0; at < kPortsAt; at += 8)
      difference |= read<std::uint64_t>(ours + at) ^ read<std::uint64_t>(theirs + at);
    difference |= read<std::uint32_t>(ours + kPortsAt) ^ read<std::uint32_t>(theirs + kPortsAt);
    return difference == 0;
  }

  // Takes note of a packet: time, TCP state (flags are ignored for other protocols), whether the node answers.
  void note(Direction direction, std::uint8_t tcp_flags, Tick now) {
    last_seen = now;
    state = next(state, direction, tcp_flags);  // kNone stays kNone.
    flags = static_cast<std::uint8_t>(flags | static_cast<std::uint8_t>(direction));
  }

  // The same for a packet of SCTP, which begins with a chunk of this type.
  void note_sctp(Direction direction, std::uint8_t chunk, Tick now) {
    last_seen = now;
    sctp_state = next(sctp_state, direction, chunk);
    flags = static_cast<std::uint8_t>(flags | static_cast<std::uint8_t>(direction));
  }

  // Nobody would miss it: no handshake seen to its end, or not one answer yet.
  bool is_embryonic() const {
    if (protocol == net::IpProtocol::kSctp) return nat::is_embryonic(sctp_state);
    return protocol == net::IpProtocol::kTcp ? nat::is_embryonic(state) : (flags & kFlowReplied) == 0;
  }

 private:
  static constexpr std::size_t kPortsAt = 2 * sizeof(Address);

  template <typename Word>
  static Word read(const std::uint8_t* at) {
    Word word;
    std::memcpy(&word, at, sizeof word);
    return word;
  }
  const std::uint8_t* half_bytes(Direction direction) const {
    return reinterpret_cast<const std::uint8_t*>(this) + sizeof(Half) * static_cast<std::size_t>(direction);
  }
};
using Flow4 = Flow<net::Ipv4>;
using Flow6 = Flow<net::Ipv6>;
static_assert(sizeof(Flow4) == 64 && sizeof(Flow6) == 128 && std::is_trivially_copyable_v<Flow6>);
static_assert(offsetof(Flow4, node) == sizeof(Flow4::Half) && offsetof(Flow6, node) == sizeof(Flow6::Half));
static_assert(offsetof(Flow4, vip_port) == 10 && offsetof(Flow4, node_port) == 20 && offsetof(Flow6, node_port) == 68);
static_assert(kFlowReplied == static_cast<std::uint8_t>(Direction::kToClient));

}  // namespace sluice::nat
