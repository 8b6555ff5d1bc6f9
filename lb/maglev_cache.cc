#include "lb/maglev_cache.h"

#include <algorithm>

#include "net/flow_key.h"

namespace sluice::lb {
namespace {

std::uint64_t hash_of(std::span<const MaglevMember> members) {
  std::uint64_t sum = 0;
  for (const MaglevMember& member : members) {
    const std::uint64_t rest = std::uint64_t{member.id} << 32 | member.weight;
    sum += net::mix(member.identity ^ 0xa0761d6478bd642fULL, rest ^ 0xe7037ed1a0b428dbULL);
  }
  return sum;
}

}  // namespace

std::shared_ptr<const MaglevTable> MaglevCache::get(std::span<const MaglevMember> members) {
  std::vector<MaglevMember> sorted{members.begin(), members.end()};
  if (!std::is_sorted(sorted.begin(), sorted.end())) std::sort(sorted.begin(), sorted.end());
  const std::uint64_t hash = hash_of(members);
  const auto [first, last] = entries_.equal_range(hash);
  for (auto entry = first; entry != last; ++entry) {
    if (entry->second.members != sorted) continue;
    if (auto table = entry->second.table.lock()) return table;
  }
  std::erase_if(entries_, [](const auto& entry) { return entry.second.table.expired(); });
  auto table = MaglevTable::build(sorted);
  entries_.emplace(hash, Entry{std::move(sorted), table});
  return table;
}

std::size_t MaglevCache::size() const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [](const auto& entry) { return !entry.second.table.expired(); }));
}

}  // namespace sluice::lb
