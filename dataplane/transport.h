#pragma once
// What the steps ask of a packet's transport protocol. They are compiled twice, for TCP and UDP and for SCTP: an
// instruction for the one is none for the other (ADR 16).

#include "dataplane/icmp.h"
#include "dataplane/packet.h"
#include "lb/delivery.h"
#include "nat/tick.h"
#include "nat/translate.h"

namespace sluice::dataplane {

// The first segment of a connection: SYN, and nothing that speaks of an older one.
inline bool opens_connection(const net::TcpHeader& tcp) {
  return (tcp.flags & (net::kTcpSyn | net::kTcpAck | net::kTcpRst | net::kTcpFin)) == net::kTcpSyn;
}

struct TcpOrUdp {
  static bool is_of(const Packet& packet) { return packet.content == Content::kTransport; }
  // Whether it begins and ends, and its flows are lost with their node.
  static bool has_connections(net::IpProtocol protocol) { return protocol == net::IpProtocol::kTcp; }
  // Asks for a new connection. Only of protocols that have connections.
  static bool opens_connection(const Packet& packet) { return dataplane::opens_connection(packet.tcp()); }

  // Whether its packets could go on, if this one opened a flow.
  static bool may_open(const Packet&, lb::Delivery) { return true; }

  // May get another node: nothing is lost with the old one.
  template <typename Family>
  static bool is_movable(const nat::Flow<Family>& flow) {
    return flow.protocol == net::IpProtocol::kUdp || flow.state == nat::TcpState::kSynSent ||
           flow.state == nat::TcpState::kOneWaySynSent;
  }
  // A new connection may take its place.
  template <typename Family>
  static bool may_reuse(const nat::Flow<Family>& flow) {
    return nat::may_reuse(flow.state) && flow.protocol == net::IpProtocol::kTcp;
  }

  // The state of a new flow is that of its binding.
  template <typename Family>
  static void begin(nat::Flow<Family>&, lb::Delivery, const Packet&) {}
  template <typename Family>
  static void note(nat::Flow<Family>& flow, const Packet& packet, nat::Tick now) {
    // For UDP the byte means nothing, and note() does not look at it.
    flow.note(packet.direction, flow.protocol == net::IpProtocol::kTcp ? packet.tcp().flags : std::uint8_t{0}, now);
  }

  template <typename Family>
  static bool can_translate(const nat::Flow<Family>&, const Packet&) {
    return true;
  }
  template <typename Header, typename Family>
  static void translate(Header& ip, const nat::Flow<Family>& flow, const Packet& packet) {
    nat::translate(ip, packet.data + packet.l4, flow, packet.direction);
  }
};

struct Sctp {
  static bool is_of(const Packet& packet) { return packet.is_sctp(); }
  static bool has_connections(net::IpProtocol) { return true; }
  static bool opens_connection(const Packet& packet) { return packet.chunk().type == net::kSctpInit; }
  static bool may_open(const Packet& packet, lb::Delivery delivery) {
    return packet.content == Content::kSctp || delivery == lb::Delivery::kDsr;
  }

  template <typename Family>
  static bool is_movable(const nat::Flow<Family>& flow) {
    return nat::is_unanswered(flow.sctp_state);
  }
  template <typename Family>
  static bool may_reuse(const nat::Flow<Family>& flow) {
    return nat::may_reuse(flow.sctp_state);
  }

  template <typename Family>
  static void begin(nat::Flow<Family>& flow, lb::Delivery delivery, const Packet& packet) {
    const bool opens = opens_connection(packet);
    const auto one_way = opens ? nat::SctpState::kOneWayInitSent : nat::SctpState::kOneWayUnknown;
    flow.sctp_state = delivery == lb::Delivery::kDsr ? one_way : nat::SctpState::kInitSent;
  }
  template <typename Family>
  static void note(nat::Flow<Family>& flow, const Packet& packet, nat::Tick now) {
    flow.note_sctp(packet.direction, packet.chunk().type, now);
  }

  // By how much the checksum changes hangs on the length of the whole packet, which its first fragment does not know.
  template <typename Family>
  static bool can_translate(const nat::Flow<Family>& flow, const Packet& packet) {
    return packet.content == Content::kSctp || !nat::changes_ports(flow);
  }
  template <typename Header, typename Family>
  static void translate(Header& ip, const nat::Flow<Family>& flow, const Packet& packet) {
    nat::translate_sctp(ip, {packet.data + packet.l4, packet.data + end_of(packet, ip)}, flow, packet.direction);
  }
};

}  // namespace sluice::dataplane
