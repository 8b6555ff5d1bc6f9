#pragma once
// Which node a client was sent to last (sessionAffinity: ClientIP with its timeout): so that it stays there while the
// service's nodes change, which by its hash alone every n-th client would not.
//
// One for all workers, as a client's connections spread over them: the one thing that they share. It is touched when a
// connection to such a service opens, never by a packet of an open one. An entry is one atomic word; what two workers
// write at once leaves one of the two, both of which are right. Sets of eight in a cache line; the record that is
// oldest makes room. What is forgotten goes by its hash again.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lb/backend.h"
#include "nat/tick.h"
#include "net/flow_key.h"

namespace sluice::dataplane {

class AffinityTable {
 public:
  // Eight bytes a client. A power of two, at least 8. The seed is secret: nobody shall choose whom he pushes out.
  AffinityTable(std::size_t clients_max, std::uint64_t seed);

  // The node of a client that came less than `seconds` ago, else kNoBackend. `client` is a hash of who asks whom.
  lb::BackendId find(std::uint64_t client, nat::Tick now, std::uint32_t seconds) const;
  // It comes now. Ids of a million and more are not remembered.
  void note(std::uint64_t client, lb::BackendId backend, nat::Tick now);

 private:
  static constexpr std::size_t kWays = 8;
  struct alignas(64) Set {
    std::array<std::atomic<std::uint64_t>, kWays> records{};  // Zero: free.
  };
  std::uint64_t hidden(std::uint64_t client) const { return net::mix(client ^ seed_, 0x9e3779b97f4a7c15ULL); }
  std::size_t set_of(std::uint64_t hidden) const { return (hidden >> 32) & (sets_.size() - 1); }

  std::uint64_t seed_;
  std::vector<Set> sets_;
};

}  // namespace sluice::dataplane
