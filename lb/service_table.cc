#include "lb/service_table.h"

#include <algorithm>
#include <bit>

namespace sluice::lb {

ServiceTable::ServiceTable(std::span<const ServiceEntry> entries) {
  std::vector<net::Ipv4Address> vips;
  vips.reserve(entries.size());
  for (const ServiceEntry& entry : entries) vips.push_back(entry.key.vip);
  std::sort(vips.begin(), vips.end());
  vips.erase(std::unique(vips.begin(), vips.end()), vips.end());

  slots_.resize(std::bit_ceil(2 * (entries.size() + vips.size()) + 1));
  mask_ = slots_.size() - 1;
  for (const ServiceEntry& entry : entries) insert(word(entry.key), entry.index);
  for (const net::Ipv4Address vip : vips) insert(word(vip), 0);
}

void ServiceTable::insert(std::uint64_t word, std::uint32_t index) {
  std::size_t at = home(word);
  while (slots_[at].word != 0 && slots_[at].word != word) at = (at + 1) & mask_;
  if (slots_[at].word == 0) slots_[at] = {.word = word, .index = index};
}

}  // namespace sluice::lb
