#pragma once
// The 5-tuple of an IPv4 packet as 16 bytes without holes, and the hash over it.

#include <bit>
#include <cstdint>
#include <string>

#include "net/address.h"
#include "net/headers.h"

namespace sluice::net {

struct alignas(8) FlowKey {
  Ipv4Address source;
  Ipv4Address destination;
  Be16 source_port;
  Be16 destination_port;
  IpProtocol protocol{};
  std::uint8_t zero[3] = {};  // Always zero: the key is hashed and compared as two words.

  std::string to_string() const;  // "tcp 198.51.100.10:40000 > 203.0.113.64:80"
};
static_assert(sizeof(FlowKey) == 16);

struct FlowKeyWords {
  std::uint64_t first;
  std::uint64_t second;
};
inline FlowKeyWords words(const FlowKey& key) { return std::bit_cast<FlowKeyWords>(key); }

inline bool operator==(const FlowKey& a, const FlowKey& b) {
  const auto x = words(a), y = words(b);
  return ((x.first ^ y.first) | (x.second ^ y.second)) == 0;
}

// 64x64→128-bit multiply folded to 64 bits (the mixing step of wyhash, public domain).
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// All 64 bits are usable. With a secret seed, clients cannot choose keys that collide; with the default seed every
// appliance gets the same number, which backend selection needs.
inline std::uint64_t hash(const FlowKey& key, std::uint64_t seed = 0) {
  const auto w = words(key);
  return mix(mix(w.first ^ 0xa0761d6478bd642fULL ^ seed, w.second ^ 0xe7037ed1a0b428dbULL) ^ seed,
             0x8ebc6af09c88c6e3ULL);
}

std::string to_string(IpProtocol protocol);  // "tcp", "udp", …; "protocol 47" for others

}  // namespace sluice::net
