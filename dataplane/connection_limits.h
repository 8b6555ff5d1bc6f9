#pragma once
// How many connections may be opened a second: to a service, and to it by one client.
//
// Common to all workers, so that a limit means what it says whatever their number; touched when a connection to a
// limited service opens, and by nothing else. Each bucket is one atomic word that says when the next connection would
// be due if they came evenly (the virtual scheduling algorithm, ITU-T I.371): up to a second's worth may come at once.
//
// Clients are remembered in sets of eight; the one that is quiet for longest makes room. So many forged senders at once
// can make us forget what a client has used up; the service's own limit holds all the same.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nat/tick.h"

namespace sluice::dataplane {

struct ConnectionLimit {
  static constexpr std::uint32_t kMax = 10'000'000;
  static constexpr std::uint32_t kByClientMax = 10'000;
  std::uint32_t a_second = 0;            // At most kMax; 0: no limit.
  std::uint32_t a_second_by_client = 0;  // At most kByClientMax; 0: no limit.

  bool operator==(const ConnectionLimit&) const = default;
};

class ConnectionLimits {
 public:
  // Eight bytes each; both powers of two, clients at least 8. Of more services some share a bucket. The seed is secret:
  // nobody shall choose whom he pushes out.
  ConnectionLimits(std::size_t services_max, std::size_t clients_max, std::uint64_t seed);

  // Whether one more may open now; then it counts.
  bool take(std::uint32_t service, std::uint32_t a_second, nat::Tick now);
  // The same for a client of a service, by a hash of both.
  bool take_of_client(std::uint64_t client, std::uint32_t a_second, nat::Tick now);

 private:
  static constexpr std::size_t kWays = 8;
  struct alignas(64) Set {
    std::array<std::atomic<std::uint64_t>, kWays> records{};  // Zero: free.
  };
  std::uint64_t seed_;
  std::vector<std::atomic<std::uint64_t>> services_;
  std::vector<Set> clients_;
};

}  // namespace sluice::dataplane
