#include "dataplane/affinity_table.h"

#include <bit>
#include <cassert>
#include <chrono>

namespace sluice::dataplane {
namespace {

// A record: 18 bits of the client's hash, 20 of the node's id, 26 of the time in units of 2^6 ticks, a good second.
constexpr unsigned kTimeBits = 26;
constexpr unsigned kBackendBits = 20;
constexpr unsigned kUnitShift = 32 - kTimeBits;
constexpr std::uint64_t kTimeMask = (std::uint64_t{1} << kTimeBits) - 1;
constexpr std::uint64_t kBackendMask = (std::uint64_t{1} << kBackendBits) - 1;

std::uint64_t time_of(nat::Tick now) { return now >> kUnitShift; }
// Another worker's clock may be a little ahead: what is to come is of now.
std::uint64_t age_of(std::uint64_t record, nat::Tick now) {
  const std::uint64_t age = (time_of(now) - record) & kTimeMask;
  return age > kTimeMask / 2 ? 0 : age;
}
std::uint64_t backend_of(std::uint64_t record) { return record >> kTimeBits & kBackendMask; }
std::uint64_t tag_of(std::uint64_t client) { return client << (kTimeBits + kBackendBits); }
bool is_of(std::uint64_t record, std::uint64_t client) {
  return backend_of(record) != lb::kNoBackend &&
         record >> (kTimeBits + kBackendBits) << (kTimeBits + kBackendBits) == tag_of(client);
}

}  // namespace

AffinityTable::AffinityTable(std::size_t clients_max, std::uint64_t seed) : seed_{seed}, sets_(clients_max / kWays) {
  assert(clients_max >= kWays && std::has_single_bit(clients_max));
}

lb::BackendId AffinityTable::find(std::uint64_t client, nat::Tick now, std::uint32_t seconds) const {
  // One more, as both ends are rounded down: never less than what was asked for.
  const std::uint64_t units = (nat::timeout_ticks(std::chrono::seconds{seconds}) >> kUnitShift) + 1;
  const std::uint64_t hidden = this->hidden(client);
  for (const auto& slot : sets_[set_of(hidden)].records) {
    const std::uint64_t record = slot.load(std::memory_order_relaxed);
    if (is_of(record, hidden) && age_of(record, now) <= units) return static_cast<lb::BackendId>(backend_of(record));
  }
  return lb::kNoBackend;
}

void AffinityTable::note(std::uint64_t client, lb::BackendId backend, nat::Tick now) {
  if (backend > kBackendMask) return;
  const std::uint64_t hidden = this->hidden(client);
  const std::uint64_t noted = tag_of(hidden) | std::uint64_t{backend} << kTimeBits | time_of(now);
  std::atomic<std::uint64_t>* place = nullptr;
  std::uint64_t oldest = 0;
  for (auto& slot : sets_[set_of(hidden)].records) {
    const std::uint64_t record = slot.load(std::memory_order_relaxed);
    if (record == noted) return;
    if (is_of(record, hidden)) {
      place = &slot;
      break;
    }
    const std::uint64_t age = record == 0 ? kTimeMask + 1 : age_of(record, now);
    if (place != nullptr && age <= oldest) continue;
    place = &slot;
    oldest = age;
  }
  place->store(noted, std::memory_order_relaxed);
}

}  // namespace sluice::dataplane
