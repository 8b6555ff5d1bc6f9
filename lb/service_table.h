#pragma once
// (VIP, port, protocol) → index of the service, and whether an address is a VIP at all. Built once, then only read.
//
// Open addressing with linear probing, at most half full, 16 bytes an entry (IPv6: 32): a look-up reads one cache line
// nearly always. VIPs stand in the same array as keys without a port. Immutable and shared between threads.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "net/address.h"
#include "net/byte_order.h"
#include "net/flow_key.h"
#include "net/headers.h"

namespace sluice::lb {

template <typename Family>
struct ServiceKey {
  typename Family::Address vip;
  net::Be16 port;
  net::IpProtocol protocol{};

  friend constexpr bool operator==(const ServiceKey&, const ServiceKey&) = default;
};

template <typename Family>
struct ServiceEntry {
  ServiceKey<Family> key;
  std::uint32_t index;  // the caller's: where the service stands in the snapshot; below kNoService
};

inline constexpr std::uint32_t kNoService = 0xffffffff;

template <typename Family>
class ServiceTable {
 public:
  using Address = typename Family::Address;
  using Key = ServiceKey<Family>;
  using Entry = ServiceEntry<Family>;

  ServiceTable() : ServiceTable{std::span<const Entry>{}} {}
  // Of entries with the same key the first one counts.
  explicit ServiceTable(std::span<const Entry> entries);

  std::uint32_t find(const Key& key) const {
    return lookup(key.vip.number(), rest_of(key));
  }  // kNoService if there is none
  std::uint32_t find(const Address& vip, net::Be16 port, net::IpProtocol protocol) const {
    return find(Key{vip, port, protocol});
  }
  bool has_vip(const Address& address) const { return lookup(address.number(), kRestOfVip) != kNoService; }

  std::size_t memory_bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  using Number = typename Address::Number;

  // The lowest byte of `rest` tells a service (1) from a VIP (2); 0 means free.
  struct alignas(16) Slot {
    Number address = 0;
    std::uint32_t rest = 0;
    std::uint32_t index = 0;
  };
  static_assert(sizeof(Slot) <= 32);

  static std::uint32_t rest_of(const Key& key) {
    return std::uint32_t{key.port.raw()} << 16 | std::uint32_t{static_cast<std::uint8_t>(key.protocol)} << 8 | 1;
  }
  static constexpr std::uint32_t kRestOfVip = 2;

  std::size_t home(Number address, std::uint32_t rest) const {
    const auto lower = static_cast<std::uint64_t>(address);
    const auto upper = static_cast<std::uint64_t>(address >> (Family::kBits / 2));
    return net::mix(lower ^ std::uint64_t{rest} << 32, 0x9e3779b97f4a7c15ULL ^ upper) & mask_;
  }
  std::uint32_t lookup(Number address, std::uint32_t rest) const {
    for (std::size_t at = home(address, rest);; at = (at + 1) & mask_) {
      if (slots_[at].address == address && slots_[at].rest == rest) return slots_[at].index;
      if (slots_[at].rest == 0) return kNoService;
    }
  }
  void insert(Number address, std::uint32_t rest, std::uint32_t index);

  std::size_t mask_ = 0;
  std::vector<Slot> slots_;  // a power of two, at least half of them free
};
using ServiceTable4 = ServiceTable<net::Ipv4>;
using ServiceTable6 = ServiceTable<net::Ipv6>;

}  // namespace sluice::lb
