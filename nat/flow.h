#pragma once
// One client connection through us, both directions, in one cache line.
//
// A to-node packet client → vip becomes snat → node; a to-client packet node → snat becomes vip → client. The
// checksum deltas are those of the to-node direction; the other one uses their inverse. Written only by its
// worker.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "nat/direction.h"
#include "nat/tcp_state.h"
#include "nat/tick.h"
#include "net/address.h"
#include "net/checksum.h"
#include "net/flow_key.h"
#include "net/headers.h"

namespace sluice::nat {

inline constexpr std::uint8_t kFlowReplied = 0x01;  // The node has sent something.

// Addresses and ports of one side, as net::FlowKey begins.
struct FlowHalf {
  net::Ipv4Address source;
  net::Ipv4Address destination;
  net::Be16 source_port;
  net::Be16 destination_port;
};
static_assert(sizeof(FlowHalf) == 12);

struct alignas(64) Flow {
  // Two halves laid out as FlowHalf: what a packet has when it comes in, to-node first, then to-client. What it
  // has when it goes out is the other half turned round.
  net::Ipv4Address client;
  net::Ipv4Address vip;
  net::Be16 client_port;
  net::Be16 vip_port;
  net::Ipv4Address node;
  net::Ipv4Address snat;
  net::Be16 node_port;
  net::Be16 snat_port;

  Tick last_seen = 0;
  std::uint32_t backend = 0;          // BackendId of the load balancer
  std::uint32_t service = 0;          // stable service id
  std::uint32_t epoch = 0;            // of the snapshot that client_next_hop was looked up in; the pipeline's
  net::ChecksumDelta ip_delta;        // addresses, for the IPv4 header
  net::ChecksumDelta l4_delta;        // addresses and ports, for TCP and UDP
  std::uint16_t client_next_hop = 0;  // cached route to the client; the pipeline's
  std::uint16_t client_port_id = 0;   // dataplane port that the client's packets come in by
  std::uint16_t port_group = 0;       // of the SNAT port, for PortPool::release
  net::MacAddress client_mac;         // source of the client's latest frame
  net::IpProtocol protocol{};
  TcpState state = TcpState::kNone;
  std::uint8_t flags = 0;        // kFlowReplied
  std::uint32_t table_link = 0;  // FlowTable's own: free list, or "in use"

  net::FlowKey to_node_key() const { return {client, vip, client_port, vip_port, protocol}; }
  net::FlowKey to_client_key() const { return {node, snat, node_port, snat_port, protocol}; }
  net::FlowKey key(Direction direction) const {
    return direction == Direction::kToNode ? to_node_key() : to_client_key();
  }

  FlowHalf half(Direction direction) const {
    FlowHalf half;
    std::memcpy(&half, reinterpret_cast<const std::uint8_t*>(this) + sizeof half * static_cast<std::size_t>(direction),
                sizeof half);
    return half;
  }

  // The same as key(direction) == other, in two loads.
  bool matches(const net::FlowKey& other, Direction direction) const {
    const auto* half =
        reinterpret_cast<const std::uint8_t*>(this) + sizeof(FlowHalf) * static_cast<std::size_t>(direction);
    const auto* theirs = reinterpret_cast<const std::uint8_t*>(&other);
    std::uint64_t addresses, their_addresses;
    std::uint32_t ports, their_ports;
    std::memcpy(&addresses, half, 8);
    std::memcpy(&their_addresses, theirs, 8);
    std::memcpy(&ports, half + 8, 4);
    std::memcpy(&their_ports, theirs + 8, 4);
    return ((addresses ^ their_addresses) | (ports ^ their_ports) |
            (static_cast<unsigned>(protocol) ^ static_cast<unsigned>(other.protocol))) == 0;
  }

  // Takes note of a packet: time, TCP state (flags are ignored for other protocols), whether the node answers.
  void note(Direction direction, std::uint8_t tcp_flags, Tick now) {
    last_seen = now;
    state = next(state, direction, tcp_flags);  // kNone stays kNone.
    flags = static_cast<std::uint8_t>(flags | static_cast<std::uint8_t>(direction));
  }

  // Nobody would miss it: no handshake seen to its end, or not one answer yet.
  bool is_embryonic() const {
    return protocol == net::IpProtocol::kTcp ? nat::is_embryonic(state) : (flags & kFlowReplied) == 0;
  }
};
static_assert(sizeof(Flow) == 64 && std::is_trivially_copyable_v<Flow>);
static_assert(offsetof(Flow, vip) == 4 && offsetof(Flow, client_port) == 8 && offsetof(Flow, vip_port) == 10);
static_assert(offsetof(Flow, node) == 12 && offsetof(Flow, node_port) == 20 && offsetof(Flow, snat_port) == 22);
static_assert(kFlowReplied == static_cast<std::uint8_t>(Direction::kToClient));

}  // namespace sluice::nat
