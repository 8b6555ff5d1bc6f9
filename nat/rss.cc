#include "nat/rss.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace sluice::nat {
namespace {

// With a power of two, as many buckets as workers give equal shares; else the shares differ by 1 in 64 / workers.
unsigned buckets_for(unsigned workers) { return std::has_single_bit(workers) ? workers : Rss::kBucketsMax; }

// 32 bits of the key from this bit on.
std::uint32_t window(std::span<const std::uint8_t> key, std::size_t bit) {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < 5; ++i) bytes = bytes << 8 | (bit / 8 + i < key.size() ? key[bit / 8 + i] : 0U);
  return static_cast<std::uint32_t>(bytes >> (8 - bit % 8));
}

}  // namespace

Rss::Rss(unsigned workers, std::uint64_t seed) : workers_{workers}, buckets_{buckets_for(workers)} {
  assert(workers > 0 && workers <= kWorkersMax);
  for (unsigned bucket = 0; bucket < buckets_; ++bucket)
    workers_of_[bucket] = static_cast<std::uint8_t>(bucket % workers);
  do {
    make_key(seed++);
  } while (!divides_ports_evenly());
}

std::uint32_t Rss::toeplitz(std::span<const std::uint8_t> key, std::span<const std::uint8_t> tuple) {
  std::uint32_t hash = 0;
  for (std::size_t bit = 0; bit < 8 * tuple.size(); ++bit) {
    if ((tuple[bit / 8] >> (7 - bit % 8) & 1) != 0) hash ^= window(key, bit);
  }
  return hash;
}

void Rss::make_key(std::uint64_t seed) {
  std::uint64_t state = seed;
  for (std::size_t i = 0; i < kKeyBytes; i += sizeof state) {
    state = net::mix(state ^ 0xa0761d6478bd642fULL, 0xe7037ed1a0b428dbULL + i);
    std::memcpy(&key_[i], &state, sizeof state);
  }
  for (std::size_t at = 0; at < kTupleBytes; ++at) {
    auto& of_value = contributions_[at];
    for (unsigned value = 1; value < 256; ++value) {
      const unsigned lowest = value & -value;  // By linearity: what its lowest bit adds, and what the others do.
      const auto of_lowest =
          static_cast<std::uint8_t>(window(key_, 8 * at + 7 - static_cast<unsigned>(std::countr_zero(value))));
      of_value[value] = of_lowest ^ of_value[value ^ lowest];
    }
  }
}

// A few keys in a hundred give some buckets twice the SNAT ports and others none. By linearity, what holds for these
// ports holds for every run of as many.
bool Rss::divides_ports_evenly() const {
  constexpr unsigned kPorts = 1024;
  const auto is_even = [&](auto key) {
    std::array<unsigned, kBucketsMax> ports{};
    for (std::uint16_t port = 0; port < kPorts; ++port) {
      key.destination_port = net::Be16{port};
      ++ports[bucket_of(key)];
    }
    return std::all_of(ports.begin(), ports.begin() + buckets_,
                       [&](unsigned count) { return count == kPorts / buckets_; });
  };
  return is_even(net::FlowKey4{}) && is_even(net::FlowKey6{});
}

}  // namespace sluice::nat
