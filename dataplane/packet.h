#pragma once
// A packet on its way through the pipeline, and a burst of them.
//
// The bytes belong to the engine (an mbuf, a test's array); steps change them in place and never beyond `length`.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "dataplane/verdict.h"
#include "lb/service_table.h"
#include "nat/flow.h"
#include "net/flow_key.h"
#include "net/headers.h"

namespace sluice::dataplane {

enum class PacketFamily : std::uint8_t { kNone, kIpv4, kIpv6 };
enum class Content : std::uint8_t {
  kOther,
  kTransport,  // A whole TCP or UDP packet, or the first fragment of one: the key has its ports.
  kError,      // A whole ICMP error that quotes one: the key is that of the flow's packets that come in where the error
               // does, so it is found, and finds its worker, like one of them.
  kFragment,   // A fragment; which ports its packet has is not known yet (fragments.h).
  kLater,      // A fragment behind the first: the key has the ports of its packet, the bytes have none.
  kSctp,       // A whole SCTP packet; like kTransport, but with steps of its own (transport.h).
  kSctpFirst,  // The first fragment of one.
};

constexpr bool is_sctp(Content content) { return content == Content::kSctp || content == Content::kSctpFirst; }
constexpr bool has_ports(Content content) { return content == Content::kTransport || is_sctp(content); }

// What IPv4 needs fills one cache line; an IPv6 key takes the second.
struct alignas(64) Packet {
  std::uint8_t* data = nullptr;  // First byte of the Ethernet header.
  std::uint16_t length = 0;      // Bytes from there on; all of them are contiguous.
  std::uint16_t room = 0;        // Bytes from there on that an answer may take; not less than `length`.
  std::uint16_t l4 = 0;          // Offset of what is behind the IP headers; 0 in what is not IP.
  std::uint8_t l3 = 0;           // Offset of the network header.
  std::uint8_t port = 0;         // Where it came in; from `rewrite` on, where it goes out.
  Verdict verdict = Verdict::kContinue;
  nat::Direction direction{};
  PacketFamily family = PacketFamily::kNone;  // Set by `parse`.
  Content content = Content::kOther;          // Likewise.
  union {
    std::uint32_t service = lb::kNoService;  // Id of the service port that a new flow asks for.
    std::uint32_t mtu;                       // With kDropTooBig: of the port that it would leave by.
  };
  std::uint64_t hash = 0;  // Of the key, by the flow table's seed.
  void* buffer = nullptr;  // The engine's own handle.
  union {                  // Set by `classify` or `steer`.
    nat::Flow4* flow4 = nullptr;
    nat::Flow6* flow6;
  };
  net::FlowKey4 key4;  // As on the wire at arrival (but see `content`); set by `parse`, for the packet's family.
  net::FlowKey6 key6;
  net::Ports joined_ports;  // Set by join(), for `parse`.

  // The packet points at bytes and does not own them: they may change while it is const.
  template <typename Header>
  Header& header(std::size_t offset) const {
    static_assert(alignof(Header) == 1 && std::is_trivially_copyable_v<Header>);
    return *reinterpret_cast<Header*>(data + offset);
  }
  net::EthernetHeader& ethernet() const { return header<net::EthernetHeader>(0); }
  net::Ipv4Header& ipv4() const { return header<net::Ipv4Header>(l3); }
  net::Ipv6Header& ipv6() const { return header<net::Ipv6Header>(l3); }
  net::TcpHeader& tcp() const { return header<net::TcpHeader>(l4); }
  net::UdpHeader& udp() const { return header<net::UdpHeader>(l4); }
  net::SctpHeader& sctp() const { return header<net::SctpHeader>(l4); }
  net::SctpChunk& chunk() const { return header<net::SctpChunk>(l4 + sizeof(net::SctpHeader)); }  // The first.
  bool is_fragment() const {
    return content == Content::kFragment || is_later();
  }  // But for a first one with its ports.
  bool is_later() const { return content == Content::kLater; }
  bool is_sctp() const { return dataplane::is_sctp(content); }
  bool has_ports() const { return dataplane::has_ports(content); }
  bool is_error() const { return content == Content::kError; }

  net::Ports ports_of_key() const {  // Of IP packets.
    return family == PacketFamily::kIpv4 ? net::Ports{key4.source_port, key4.destination_port}
                                         : net::Ports{key6.source_port, key6.destination_port};
  }

  // Before `parse`: if this is a fragment, these are the ports of its packet. Another worker says so, or the packet's
  // first fragment, which this one waited for.
  void join(net::Ports known) {
    content = Content::kLater;
    joined_ports = known;
  }

  // For steps that are written once for both families; the packet is of this one.
  template <typename Family>
  auto& ip() const {
    if constexpr (std::is_same_v<Family, net::Ipv4>) {
      return ipv4();
    } else {
      return ipv6();
    }
  }
  template <typename Family>
  auto& key() {
    if constexpr (std::is_same_v<Family, net::Ipv4>) {
      return key4;
    } else {
      return key6;
    }
  }
  template <typename Family>
  auto& flow() {
    if constexpr (std::is_same_v<Family, net::Ipv4>) {
      return flow4;
    } else {
      return flow6;
    }
  }
};
static_assert(offsetof(Packet, key6) == 64);

inline constexpr std::size_t kBurstMax = 32;

// The packets of a burst that are of one family and still on their way.
class Group {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  // Takes the packet if it is of this family and on its way, without a branch. Of kBurstMax packets at most.
  void offer(Packet& packet, PacketFamily family) {
    packets_[size_] = &packet;
    size_ += static_cast<std::size_t>((packet.verdict == Verdict::kContinue) & (packet.family == family));
  }

  // Runs one step over all of them; those that get their verdict leave.
  template <typename Step>
  void each(Step step) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      Packet& packet = *packets_[i];
      packet.verdict = step(packet);
      packets_[kept] = &packet;
      kept += static_cast<std::size_t>(packet.verdict == Verdict::kContinue);
    }
    size_ = kept;
  }
  // The same for a step that gives no verdict.
  template <typename Step>
  void prepare(Step step) {
    for (std::size_t i = 0; i < size_; ++i) step(*packets_[i]);
  }

 private:
  std::size_t size_ = 0;
  std::array<Packet*, kBurstMax> packets_;
};

class Burst {
 public:
  std::size_t size() const { return size_; }
  Packet& operator[](std::size_t i) { return packets_[i]; }
  Packet* begin() { return packets_.data(); }
  Packet* end() { return packets_.data() + size_; }
  void clear() { size_ = 0; }

  // A fresh packet at the end. Only while size() < kBurstMax. With a `room` below `length` it cannot grow.
  Packet& add(std::uint8_t* data, std::uint16_t length, std::uint16_t port, void* buffer, std::uint16_t room = 0) {
    Packet& packet = packets_[size_++];
    packet.data = data;
    packet.length = length;
    packet.port = static_cast<std::uint8_t>(port);
    packet.room = std::max(length, room);
    packet.l4 = 0;
    packet.l3 = 0;
    packet.verdict = Verdict::kContinue;
    packet.family = PacketFamily::kNone;
    packet.content = Content::kOther;
    packet.service = lb::kNoService;
    packet.buffer = buffer;
    packet.flow4 = nullptr;
    return packet;
  }

  // Runs one step over all packets that are still on their way.
  template <typename Step>
  void each(Step step) {
    for (Packet& packet : *this) {
      if (packet.verdict == Verdict::kContinue) packet.verdict = step(packet);
    }
  }

 private:
  std::size_t size_ = 0;
  std::array<Packet, kBurstMax> packets_;
};

}  // namespace sluice::dataplane
