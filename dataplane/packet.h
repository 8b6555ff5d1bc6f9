#pragma once
// A packet on its way through the pipeline, and a burst of them.
//
// The bytes belong to the engine (an mbuf, a test's array); steps change them in place and never beyond `length`.

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

struct Packet {
  std::uint8_t* data = nullptr;  // First byte of the Ethernet header.
  std::uint16_t length = 0;      // Bytes from there on; all of them are contiguous.
  std::uint16_t port = 0;        // Where it came in; from `rewrite` on, where it goes out.
  std::uint16_t l3 = 0;          // Offset of the network header.
  std::uint16_t l4 = 0;          // Offset of the transport header; 0 where there is none that we know.
  Verdict verdict = Verdict::kContinue;
  nat::Direction direction{};
  net::FlowKey key{};                      // As on the wire at arrival.
  std::uint64_t hash = 0;                  // Of the key, by the flow table's seed.
  nat::Flow* flow = nullptr;               // Set by `classify` or `steer`.
  std::uint32_t service = lb::kNoService;  // Id of the service port that a new flow asks for.
  void* buffer = nullptr;                  // The engine's own handle.

  // The packet points at bytes and does not own them: they may change while it is const.
  template <typename Header>
  Header& header(std::size_t offset) const {
    static_assert(alignof(Header) == 1 && std::is_trivially_copyable_v<Header>);
    return *reinterpret_cast<Header*>(data + offset);
  }
  net::EthernetHeader& ethernet() const { return header<net::EthernetHeader>(0); }
  net::Ipv4Header& ipv4() const { return header<net::Ipv4Header>(l3); }
  net::TcpHeader& tcp() const { return header<net::TcpHeader>(l4); }
  net::UdpHeader& udp() const { return header<net::UdpHeader>(l4); }
  bool is_tcp_or_udp() const { return l4 != 0; }
};

inline constexpr std::size_t kBurstMax = 32;

class Burst {
 public:
  std::size_t size() const { return size_; }
  Packet& operator[](std::size_t i) { return packets_[i]; }
  Packet* begin() { return packets_.data(); }
  Packet* end() { return packets_.data() + size_; }
  void clear() { size_ = 0; }

  // A fresh packet at the end. Only while size() < kBurstMax.
  Packet& add(std::uint8_t* data, std::uint16_t length, std::uint16_t port, void* buffer) {
    Packet& packet = packets_[size_++];
    packet = Packet{.data = data, .length = length, .port = port, .buffer = buffer};
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
