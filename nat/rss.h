#pragma once
// Which worker a packet belongs to: by the rule that NICs spread packets over receive queues with (receive side
// scaling). A Toeplitz hash of addresses and ports under a key that is ours, its lowest bits an index into a table of
// queues ("indirection table"). A NIC that is given key and table brings each packet to its worker; for other ports the
// worker that receives a packet finds the owner by the same rule.
//
// The hash is linear: hash(a ^ b) = hash(a) ^ hash(b). So that the way back leads to the same worker, it is enough to
// choose a SNAT port whose own bits add what is missing (PortPool). Microsoft, "Verifying the RSS Hash Calculation".
//
// Immutable, shared between threads.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "net/flow_key.h"

namespace sluice::nat {

class Rss {
 public:
  static constexpr unsigned kWorkersMax = 64;
  static constexpr unsigned kBucketsMax = 64;     // NICs have tables of 64 and more.
  static constexpr std::size_t kKeyBytes = 64;    // No NIC wants more; 40 are enough for IPv6.
  static constexpr std::size_t kTupleBytes = 36;  // Addresses and ports of IPv6; IPv4 has 12.

  // The key follows from the seed, which is secret: no client can choose ports that all lead to one worker.
  Rss(unsigned workers, std::uint64_t seed);

  unsigned workers() const { return workers_; }
  std::span<const std::uint8_t, kKeyBytes> key() const { return key_; }
  // A power of two, at most kBucketsMax; 1 with one worker. The table's entry i is of bucket i % buckets().
  unsigned buckets() const { return buckets_; }
  unsigned worker_of_bucket(unsigned bucket) const { return workers_of_[bucket]; }

  // Of a packet as it comes in, or, as the hash is linear, of a part of it: the rest zero.
  template <typename Family>
  unsigned bucket_of(const net::FlowKey<Family>& key) const {
    constexpr std::size_t kBytes = 2 * sizeof(typename Family::Address) + 2 * sizeof(net::Be16);
    static_assert(kBytes <= kTupleBytes && offsetof(net::FlowKey<Family>, protocol) == kBytes);
    std::array<std::uint8_t, kBytes> tuple;
    std::memcpy(tuple.data(), &key, kBytes);
    unsigned bucket = 0;
    for (std::size_t i = 0; i < kBytes; ++i) bucket ^= contributions_[i][tuple[i]];
    return bucket & (buckets_ - 1);
  }
  template <typename Family>
  unsigned worker_of(const net::FlowKey<Family>& key) const {
    return workers_of_[bucket_of(key)];
  }

  // The whole hash, bit by bit: what a NIC says. The key is at least 4 bytes longer than the tuple.
  static std::uint32_t toeplitz(std::span<const std::uint8_t> key, std::span<const std::uint8_t> tuple);

 private:
  void make_key(std::uint64_t seed);
  bool divides_ports_evenly() const;

  unsigned workers_;
  unsigned buckets_;
  std::array<std::uint8_t, kKeyBytes> key_{};
  std::array<std::uint8_t, kBucketsMax> workers_of_{};  // By bucket.
  // The hash's lowest byte for one byte of the tuple, by its place and value.
  std::array<std::array<std::uint8_t, 256>, kTupleBytes> contributions_{};
};

}  // namespace sluice::nat
