#pragma once
// Headers as they stand on the wire, to be laid over packet bytes: alignment 1, network byte order.
// Sources: IEEE 802.3/802.1Q, RFC 826 (ARP), RFC 791 (IPv4), RFC 8200 (IPv6), RFC 9293 (TCP), RFC 768 (UDP), RFC 792
// (ICMP), RFC 4443 (ICMPv6), RFC 4861 (neighbour discovery), RFC 9260 (SCTP).

#include <cstdint>

#include "net/address.h"
#include "net/byte_order.h"

namespace sluice::net {

inline constexpr Be16 kEtherTypeIpv4{0x0800};
inline constexpr Be16 kEtherTypeArp{0x0806};
inline constexpr Be16 kEtherTypeVlan{0x8100};
inline constexpr Be16 kEtherTypeIpv6{0x86dd};

enum class IpProtocol : std::uint8_t {
  kHopByHop = 0,  // IPv6 extension header, like the others marked so.
  kIcmp = 1,
  kTcp = 6,
  kUdp = 17,
  kRouting = 43,   // Extension header.
  kFragment = 44,  // Extension header.
  kIcmpv6 = 58,
  kDestinationOptions = 60,  // Extension header.
  kSctp = 132,
};

struct EthernetHeader {
  MacAddress destination;
  MacAddress source;
  Be16 type;
};
static_assert(sizeof(EthernetHeader) == 14 && alignof(EthernetHeader) == 1);

struct ArpPacket {  // For Ethernet and IPv4 only: hardware type 1, protocol type 0x0800, lengths 6 and 4.
  Be16 hardware_type;
  Be16 protocol_type;
  std::uint8_t hardware_length;
  std::uint8_t protocol_length;
  Be16 operation;  // kArpRequest, kArpReply
  MacAddress sender_mac;
  Ipv4Address sender;
  MacAddress target_mac;
  Ipv4Address target;
};
static_assert(sizeof(ArpPacket) == 28 && alignof(ArpPacket) == 1);
inline constexpr Be16 kArpRequest{1};
inline constexpr Be16 kArpReply{2};

struct Ipv4Header {
  std::uint8_t version_and_length;  // Version in the high half; header length in 32-bit words in the low half.
  std::uint8_t dscp_and_ecn;
  Be16 total_length;
  Be16 identification;
  Be16 flags_and_fragment;
  std::uint8_t ttl;
  IpProtocol protocol;
  Be16 checksum;
  Ipv4Address source;
  Ipv4Address destination;

  unsigned version() const { return version_and_length >> 4; }
  unsigned header_length() const { return 4U * (version_and_length & 15U); }  // bytes
  bool is_fragment() const { return (flags_and_fragment.host() & 0x3fff) != 0; }
  bool may_be_fragmented() const { return (flags_and_fragment.host() & 0x4000) == 0; }
  bool is_later_fragment() const { return (flags_and_fragment.host() & 0x1fff) != 0; }  // Has no transport header.
};
static_assert(sizeof(Ipv4Header) == 20 && alignof(Ipv4Header) == 1);
inline constexpr std::uint16_t kIpv4DontFragment = 0x4000;
inline constexpr std::uint16_t kIpv4MoreFragments = 0x2000;

struct Ipv6Header {
  Be32 version_class_and_flow;  // Version in the highest four bits.
  Be16 payload_length;          // Of all that follows this header.
  IpProtocol next_header;
  std::uint8_t hop_limit;
  Ipv6Address source;
  Ipv6Address destination;

  unsigned version() const { return version_class_and_flow.host() >> 28; }
};
static_assert(sizeof(Ipv6Header) == 40 && alignof(Ipv6Header) == 1);

struct Ipv6Extension {  // How hop-by-hop, routing and destination options begin.
  IpProtocol next_header;
  std::uint8_t length_field;  // In units of 8 bytes, the first 8 not counted.

  std::size_t length() const { return 8U + 8U * length_field; }  // bytes
};
static_assert(sizeof(Ipv6Extension) == 2);

struct Ipv6Fragment {
  IpProtocol next_header;
  std::uint8_t reserved;
  Be16 offset_and_more;
  Be32 identification;

  bool is_fragment() const { return (offset_and_more.host() & 0xfff9) != 0; }  // Else whole, but marked (RFC 6946).
  bool is_later_fragment() const { return (offset_and_more.host() & 0xfff8) != 0; }
};
static_assert(sizeof(Ipv6Fragment) == 8 && alignof(Ipv6Fragment) == 1);

struct TcpHeader {
  Be16 source_port;
  Be16 destination_port;
  Be32 sequence;
  Be32 acknowledgment;
  std::uint8_t data_offset;  // Header length in 32-bit words in the high half.
  std::uint8_t flags;        // kTcpFin, …
  Be16 window;
  Be16 checksum;
  Be16 urgent;
};
static_assert(sizeof(TcpHeader) == 20 && alignof(TcpHeader) == 1);
inline constexpr std::uint8_t kTcpFin = 0x01;
inline constexpr std::uint8_t kTcpSyn = 0x02;
inline constexpr std::uint8_t kTcpRst = 0x04;
inline constexpr std::uint8_t kTcpPsh = 0x08;
inline constexpr std::uint8_t kTcpAck = 0x10;

struct Ports {  // TCP, UDP and SCTP begin with them.
  Be16 source;
  Be16 destination;
};
static_assert(sizeof(Ports) == 4 && alignof(Ports) == 1);
constexpr bool is_tcp_or_udp(IpProtocol protocol) {
  return protocol == IpProtocol::kTcp || protocol == IpProtocol::kUdp;
}
constexpr bool has_ports(IpProtocol protocol) { return is_tcp_or_udp(protocol) || protocol == IpProtocol::kSctp; }

struct UdpHeader {
  Be16 source_port;
  Be16 destination_port;
  Be16 length;
  Be16 checksum;  // Zero means "none" (RFC 768).
};
static_assert(sizeof(UdpHeader) == 8 && alignof(UdpHeader) == 1);

struct SctpHeader {
  Be16 source_port;
  Be16 destination_port;
  Be32 tag;       // What the receiver named in its INIT or INIT ACK; zero in an INIT.
  Le32 checksum;  // CRC32c of header and chunks (net/crc32c.h); the IP addresses are not part of it.
};
static_assert(sizeof(SctpHeader) == 12 && alignof(SctpHeader) == 1);

struct SctpChunk {  // How every chunk begins. The next one begins at a multiple of four bytes.
  std::uint8_t type;
  std::uint8_t flags;
  Be16 length;  // With this header, without padding.
};
static_assert(sizeof(SctpChunk) == 4 && alignof(SctpChunk) == 1);
inline constexpr std::uint8_t kSctpData = 0;
inline constexpr std::uint8_t kSctpInit = 1;
inline constexpr std::uint8_t kSctpInitAck = 2;
inline constexpr std::uint8_t kSctpAbort = 6;
inline constexpr std::uint8_t kSctpShutdown = 7;
inline constexpr std::uint8_t kSctpShutdownAck = 8;
inline constexpr std::uint8_t kSctpError = 9;
inline constexpr std::uint8_t kSctpCookieEcho = 10;
inline constexpr std::uint8_t kSctpCookieAck = 11;
inline constexpr std::uint8_t kSctpShutdownComplete = 14;
inline constexpr std::uint8_t kSctpTagReflected = 0x01;  // Flag T of ABORT and SHUTDOWN COMPLETE.

struct SctpInit {  // As it begins, and INIT ACK likewise.
  SctpChunk chunk;
  Be32 initiate_tag;
  Be32 window;
  Be16 outbound_streams;
  Be16 inbound_streams;
  Be32 initial_tsn;
};
static_assert(sizeof(SctpInit) == 20 && alignof(SctpInit) == 1);

struct IcmpHeader {
  std::uint8_t type;
  std::uint8_t code;
  Be16 checksum;
  Be32 rest;
};
static_assert(sizeof(IcmpHeader) == 8 && alignof(IcmpHeader) == 1);
inline constexpr std::uint8_t kIcmpEchoReply = 0;
inline constexpr std::uint8_t kIcmpUnreachable = 3;
inline constexpr std::uint8_t kIcmpPortUnreachable = 3;      // Code.
inline constexpr std::uint8_t kIcmpFragmentationNeeded = 4;  // Code.
inline constexpr std::uint8_t kIcmpEchoRequest = 8;
inline constexpr std::uint8_t kIcmpTimeExceeded = 11;
inline constexpr std::uint8_t kIcmpParameterProblem = 12;
inline constexpr std::uint8_t kIcmpv6Unreachable = 1;
inline constexpr std::uint8_t kIcmpv6PortUnreachable = 4;  // Code.
inline constexpr std::uint8_t kIcmpv6PacketTooBig = 2;
inline constexpr std::uint8_t kIcmpv6TimeExceeded = 3;
inline constexpr std::uint8_t kIcmpv6ParameterProblem = 4;
inline constexpr std::uint8_t kIcmpv6EchoRequest = 128;
inline constexpr std::uint8_t kIcmpv6EchoReply = 129;
inline constexpr std::uint8_t kNeighbourSolicitation = 135;
inline constexpr std::uint8_t kNeighbourAdvertisement = 136;

struct NeighbourMessage {  // Solicitation and advertisement with its one option, a link-layer address.
  IcmpHeader icmp;         // In an advertisement, `rest` holds the flags.
  Ipv6Address target;
  std::uint8_t option_type;    // kSourceLinkAddress, kTargetLinkAddress
  std::uint8_t option_length;  // In units of 8 bytes.
  MacAddress mac;
};
static_assert(sizeof(NeighbourMessage) == 32 && alignof(NeighbourMessage) == 1);
inline constexpr std::uint8_t kSourceLinkAddress = 1;
inline constexpr std::uint8_t kTargetLinkAddress = 2;
inline constexpr std::uint32_t kNeighbourSolicited = 0x40000000;
inline constexpr std::uint32_t kNeighbourOverride = 0x20000000;

}  // namespace sluice::net
