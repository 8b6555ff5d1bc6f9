#pragma once
// (VIP, port, protocol) → index of the service, and whether an address is a VIP at all. Built once, then only read.
//
// Open addressing with linear probing, at most half full, 16 bytes an entry: a look-up reads one cache line nearly
// always. VIPs stand in the same array as keys without a port. Immutable and shared between threads.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "net/address.h"
#include "net/byte_order.h"
#include "net/flow_key.h"
#include "net/headers.h"

namespace sluice::lb {

struct ServiceKey {
  net::Ipv4Address vip;
  net::Be16 port;
  net::IpProtocol protocol{};

  friend constexpr bool operator==(const ServiceKey&, const ServiceKey&) = default;
};

struct ServiceEntry {
  ServiceKey key;
  std::uint32_t index;  // the caller's: where the service stands in the snapshot; below kNoService
};

inline constexpr std::uint32_t kNoService = 0xffffffff;

class ServiceTable {
 public:
  ServiceTable() : ServiceTable{std::span<const ServiceEntry>{}} {}
  // Of entries with the same key the first one counts.
  explicit ServiceTable(std::span<const ServiceEntry> entries);

  std::uint32_t find(const ServiceKey& key) const { return lookup(word(key)); }  // kNoService if there is none
  std::uint32_t find(net::Ipv4Address vip, net::Be16 port, net::IpProtocol protocol) const {
    return find(ServiceKey{vip, port, protocol});
  }
  bool has_vip(net::Ipv4Address address) const { return lookup(word(address)) != kNoService; }
  void prefetch(const ServiceKey& key) const { __builtin_prefetch(&slots_[home(word(key))]); }
  void prefetch(net::Ipv4Address vip, net::Be16 port, net::IpProtocol protocol) const {
    prefetch(ServiceKey{vip, port, protocol});
  }

  std::size_t memory_bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint64_t word = 0;  // Zero means free.
    std::uint32_t index = 0;
    std::uint32_t unused = 0;
  };
  static_assert(sizeof(Slot) == 16);

  // The lowest byte tells a service (1) from a VIP (2), so no key is ever zero.
  static std::uint64_t word(const ServiceKey& key) {
    return std::uint64_t{key.vip.value.raw()} << 32 | std::uint64_t{key.port.raw()} << 16 |
           std::uint64_t{static_cast<std::uint8_t>(key.protocol)} << 8 | 1;
  }
  static std::uint64_t word(net::Ipv4Address vip) { return std::uint64_t{vip.value.raw()} << 32 | 2; }
  std::size_t home(std::uint64_t word) const { return net::mix(word, 0x9e3779b97f4a7c15ULL) & mask_; }

  std::uint32_t lookup(std::uint64_t word) const {
    for (std::size_t at = home(word);; at = (at + 1) & mask_) {
      if (slots_[at].word == word) return slots_[at].index;
      if (slots_[at].word == 0) return kNoService;
    }
  }
  void insert(std::uint64_t word, std::uint32_t index);

  std::size_t mask_ = 0;
  std::vector<Slot> slots_;  // a power of two, at least half of them free
};

}  // namespace sluice::lb
