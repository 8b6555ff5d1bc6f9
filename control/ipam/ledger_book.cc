#include "control/ipam/ledger_book.h"

#include <algorithm>

namespace sluice::control::ipam {

std::string_view to_string(HoldState state) { return state == HoldState::kHeld ? "held" : "released"; }

const LedgerEntry* LedgerBook::find_by_holder(const Holder& holder) const {
  const auto found = held_.find(holder);
  return found == held_.end() ? nullptr : &found->second;
}

const LedgerEntry* LedgerBook::find_by_vip(const net::IpAddress& vip) const {
  const auto holder = holders_.find(vip);
  return holder == holders_.end() ? nullptr : find_by_holder(holder->second);
}

bool LedgerBook::holds_any(const ServiceName& service) const {
  return std::any_of(std::begin(kIpFamilies), std::end(kIpFamilies), [&](IpFamily family) {
    return held_.contains({service, family});
  });
}

base::Result<> LedgerBook::hold(LedgerEntry entry) {
  const LedgerEntry* other = find_by_vip(entry.vip);
  if (other != nullptr && other->service != entry.service) {
    return base::fail(entry.vip.to_string() + " is held by " + other->service.to_string());
  }
  if (other == nullptr) release(entry.holder(), entry.since);
  forget_released(entry.vip);
  entry.state = HoldState::kHeld;
  holders_[entry.vip] = entry.holder();
  addresses_[entry.vip] = HoldState::kHeld;
  held_[entry.holder()] = std::move(entry);
  return {};
}

void LedgerBook::release(const Holder& holder, std::int64_t now) {
  const auto found = held_.find(holder);
  if (found == held_.end()) return;
  LedgerEntry entry = std::move(found->second);
  held_.erase(found);
  holders_.erase(entry.vip);
  entry.since = now;
  remember(std::move(entry));
}

void LedgerBook::remember(LedgerEntry entry) {
  forget_released(entry.vip);
  entry.state = HoldState::kReleased;
  addresses_[entry.vip] = HoldState::kReleased;
  released_.push_back(std::move(entry));
  if (released_.size() > kReleasedMax) forget_released(net::IpAddress{released_.front().vip});
}

void LedgerBook::forget_released(const net::IpAddress& vip) {
  const auto known = addresses_.find(vip);
  if (known == addresses_.end() || known->second != HoldState::kReleased) return;
  addresses_.erase(known);
  released_.erase(std::find_if(released_.begin(), released_.end(), [&](auto& entry) { return entry.vip == vip; }));
}

std::vector<LedgerEntry> LedgerBook::entries() const {
  std::vector<LedgerEntry> result{released_.begin(), released_.end()};
  for (const auto& [holder, entry] : held_) result.push_back(entry);
  return result;
}

}  // namespace sluice::control::ipam
