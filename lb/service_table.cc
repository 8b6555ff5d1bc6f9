#include "lb/service_table.h"

#include <algorithm>
#include <bit>

namespace sluice::lb {

template <typename Family>
ServiceTable<Family>::ServiceTable(std::span<const Entry> entries) {
  std::vector<Address> vips;
  vips.reserve(entries.size());
  for (const Entry& entry : entries) vips.push_back(entry.key.vip);
  std::sort(vips.begin(), vips.end());
  vips.erase(std::unique(vips.begin(), vips.end()), vips.end());

  slots_.resize(std::bit_ceil(2 * (entries.size() + vips.size()) + 1));
  mask_ = slots_.size() - 1;
  for (const Entry& entry : entries) insert(entry.key.vip.number(), rest_of(entry.key), entry.index);
  for (const Address& vip : vips) insert(vip.number(), kRestOfVip, 0);
}

template <typename Family>
void ServiceTable<Family>::insert(Number address, std::uint32_t rest, std::uint32_t index) {
  std::size_t at = home(address, rest);
  while (slots_[at].rest != 0) {
    if (slots_[at].address == address && slots_[at].rest == rest) return;
    at = (at + 1) & mask_;
  }
  slots_[at] = {.address = address, .rest = rest, .index = index};
}

template class ServiceTable<net::Ipv4>;
template class ServiceTable<net::Ipv6>;

}  // namespace sluice::lb
