#pragma once
// The 5-tuple of a packet as 8-byte words without holes (IPv4: 16 bytes, IPv6: 40), and the hash over it.

#include <array>
#include <bit>
#include <cstdint>
#include <string>

#include "net/address.h"
#include "net/headers.h"

namespace sluice::net {

template <typename Family>
struct alignas(8) FlowKey {
  typename Family::Address source;
  typename Family::Address destination;
  Be16 source_port;
  Be16 destination_port;
  IpProtocol protocol{};
  std::uint8_t zero[3] = {};  // Always zero: the key is hashed and compared as words.

  std::string to_string() const;  // "tcp 198.51.100.10:40000 > 203.0.113.64:80"
};
using FlowKey4 = FlowKey<Ipv4>;
using FlowKey6 = FlowKey<Ipv6>;
static_assert(sizeof(FlowKey4) == 16 && sizeof(FlowKey6) == 40);

template <typename Family>
FlowKey<Family> reversed(const FlowKey<Family>& key) {
  return {.source = key.destination,
          .destination = key.source,
          .source_port = key.destination_port,
          .destination_port = key.source_port,
          .protocol = key.protocol};
}

template <typename Family>
using FlowKeyWords = std::array<std::uint64_t, sizeof(FlowKey<Family>) / 8>;

template <typename Family>
FlowKeyWords<Family> words(const FlowKey<Family>& key) {
  return std::bit_cast<FlowKeyWords<Family>>(key);
}

template <typename Family>
bool operator==(const FlowKey<Family>& a, const FlowKey<Family>& b) {
  const auto x = words(a), y = words(b);
  std::uint64_t difference = 0;
  for (std::size_t i = 0; i < x.size(); ++i) difference |= x[i] ^ y[i];
  return difference == 0;
}

// 64x64→128-bit multiply folded to 64 bits (the mixing step of wyhash, public domain).
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// All 64 bits are usable. With a secret seed, clients cannot choose keys that collide; with the default seed every
// appliance gets the same number, which backend selection needs.
inline std::uint64_t hash(const FlowKey4& key, std::uint64_t seed = 0) {
  const auto w = words(key);
  return mix(mix(w[0] ^ 0xa0761d6478bd642fULL ^ seed, w[1] ^ 0xe7037ed1a0b428dbULL) ^ seed, 0x8ebc6af09c88c6e3ULL);
}
inline std::uint64_t hash(const FlowKey6& key, std::uint64_t seed = 0) {
  const auto w = words(key);
  const std::uint64_t source = mix(w[0] ^ 0xa0761d6478bd642fULL ^ seed, w[1] ^ 0xe7037ed1a0b428dbULL);
  const std::uint64_t destination = mix(w[2] ^ 0x589965cc75374cc3ULL ^ seed, w[3] ^ 0x1d8e4e27c47d124fULL);
  return mix(mix(source ^ w[4], destination ^ 0xa0761d6478bd642fULL) ^ seed, 0x8ebc6af09c88c6e3ULL);
}

std::string to_string(IpProtocol protocol);  // "tcp", "udp", …; "protocol 47" for others

}  // namespace sluice::net
