#include "dataplane/connection_limits.h"

#include <bit>
#include <cassert>
#include <chrono>
#include <limits>
#include <optional>
#include <ratio>

#include "net/flow_key.h"

namespace sluice::dataplane {
namespace {

// Times of `bits` bits that wrap, in fractions of a tick.
struct Clock {
  unsigned bits;
  unsigned fraction_bits;

  std::uint64_t mask() const { return bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1; }
  std::uint64_t of(nat::Tick now) const { return std::uint64_t{now} << fraction_bits; }
  std::uint64_t second() const {
    return static_cast<std::uint64_t>(std::nano::den) * (std::uint64_t{1} << fraction_bits) /
           static_cast<std::uint64_t>(nat::kTickLength.count());
  }
  // How far `due` is ahead of `now`; negative: it lies back.
  std::int64_t ahead(std::uint64_t due, std::uint64_t now) const {
    return static_cast<std::int64_t>((due - now) << (64 - bits)) >> (64 - bits);
  }
};

// Nothing is lost by rounding at ten million a second, nor more than 2 % at ten thousand.
constexpr Clock kOfServices{.bits = 62, .fraction_bits = 30};
constexpr Clock kOfClients{.bits = 44, .fraction_bits = 12};
static_assert(kOfServices.bits == 32 + kOfServices.fraction_bits && kOfClients.bits == 32 + kOfClients.fraction_bits);

// When the one after this one will be due; none: this one may not come.
std::optional<std::uint64_t> next_due(const Clock& clock, std::uint64_t due, nat::Tick now, std::uint32_t a_second) {
  const std::uint64_t present = clock.of(now);
  const std::uint64_t second = clock.second();
  const std::uint64_t interval = second / a_second;
  std::int64_t ahead = clock.ahead(due, present);
  // Long ago, or so long that the clock wrapped: nothing is used up.
  if (ahead < 0 || ahead > static_cast<std::int64_t>(2 * second)) ahead = 0;
  const auto next = static_cast<std::uint64_t>(ahead) + interval;
  if (next > second) return std::nullopt;
  return (present + next) & clock.mask();
}

// A client's record: the upper bits are of its hash, the others when its next connection is due. Never zero.
constexpr std::uint64_t kTagMask = ~((std::uint64_t{1} << kOfClients.bits) - 1);
std::uint64_t tag_of(std::uint64_t client) {
  const std::uint64_t tag = client << kOfClients.bits;
  return tag != 0 ? tag : std::uint64_t{1} << kOfClients.bits;
}

}  // namespace

ConnectionLimits::ConnectionLimits(std::size_t services_max, std::size_t clients_max, std::uint64_t seed)
    : seed_{seed}, services_(services_max), clients_(clients_max / kWays) {
  assert(std::has_single_bit(services_max) && std::has_single_bit(clients_max) && clients_max >= kWays);
}

bool ConnectionLimits::take(std::uint32_t service, std::uint32_t a_second, nat::Tick now) {
  auto& bucket = services_[service & (services_.size() - 1)];
  std::uint64_t due = bucket.load(std::memory_order_relaxed);
  while (true) {
    const auto next = next_due(kOfServices, due, now, a_second);
    if (!next) return false;
    if (bucket.compare_exchange_weak(due, *next, std::memory_order_relaxed)) return true;
  }
}

bool ConnectionLimits::take_of_client(std::uint64_t client, std::uint32_t a_second, nat::Tick now) {
  const std::uint64_t hidden = net::mix(client ^ seed_, 0x9e3779b97f4a7c15ULL);
  Set& set = clients_[(hidden >> 32) & (clients_.size() - 1)];
  const std::uint64_t tag = tag_of(hidden);
  std::atomic<std::uint64_t>* place = nullptr;
  std::uint64_t due = 0;
  std::int64_t quietest = 0;
  for (auto& slot : set.records) {
    const std::uint64_t record = slot.load(std::memory_order_relaxed);
    if ((record & kTagMask) == tag) {
      place = &slot;
      due = record;
      break;
    }
    const std::int64_t ahead = record == 0 ? std::numeric_limits<std::int64_t>::min()
                                           : kOfClients.ahead(record & ~kTagMask, kOfClients.of(now));
    if (place != nullptr && ahead >= quietest) continue;
    place = &slot;
    quietest = ahead;
  }
  while (true) {
    const auto next = next_due(kOfClients, due == 0 ? kOfClients.of(now) : due & ~kTagMask, now, a_second);
    if (!next) return false;
    if (due == 0) {
      place->store(tag | *next, std::memory_order_relaxed);
      return true;
    }
    if (place->compare_exchange_weak(due, tag | *next, std::memory_order_relaxed)) return true;
    if ((due & kTagMask) != tag) return true;  // Another client was given its place just now.
  }
}

}  // namespace sluice::dataplane
