#pragma once
// Who holds which VIP, as a plain value: what the ledger keeps on disk, what the reconciler plans with.
//
// Copy it, change the copy, hand it to Ledger::store() as a whole. A Service holds at most one VIP of each family, a
// VIP has at most one holder. Released addresses are remembered, so that they are given out again last.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/ip_family.h"
#include "net/address.h"

namespace sluice::control::ipam {

struct ServiceName {
  std::string cluster;  // as the configuration names it
  std::string name_space;
  std::string name;

  std::string to_string() const { return cluster + "/" + name_space + "/" + name; }
  friend auto operator<=>(const ServiceName&, const ServiceName&) = default;
};

struct Holder {  // A Service in its role as holder of an address of one family.
  ServiceName service;
  IpFamily family = IpFamily::kIpv4;

  friend auto operator<=>(const Holder&, const Holder&) = default;
};

enum class HoldState : std::uint8_t { kHeld, kReleased };
std::string_view to_string(HoldState state);  // "held", "released"

struct LedgerEntry {
  ServiceName service;
  std::string uid;  // of the Service; may be empty
  net::IpAddress vip;
  std::string pool;        // the pool that gave it
  std::int64_t since = 0;  // unix time of the state
  HoldState state = HoldState::kHeld;

  Holder holder() const { return {service, family_of(vip)}; }
  friend bool operator==(const LedgerEntry&, const LedgerEntry&) = default;
};

class LedgerBook {
 public:
  static constexpr std::size_t kReleasedMax = 4096;  // Older ones count as never given out.

  // Null if there is none. Only those that are held.
  const LedgerEntry* find_by_holder(const Holder& holder) const;
  const LedgerEntry* find_by_vip(const net::IpAddress& vip) const;
  bool holds_any(const ServiceName& service) const;

  // Enters a holder. Whatever other VIP of that family the Service held is released. Fails if another Service holds
  // the VIP.
  base::Result<> hold(LedgerEntry entry);
  // Ends a hold, at unix time `now`. Nothing happens if nothing is held.
  void release(const Holder& holder, std::int64_t now);
  // Enters an address that was released, after those that are known already.
  void remember(LedgerEntry entry);

  // That a cluster was read whole: from then on, the book has all that its Services hold.
  void know(const std::string& cluster) { clusters_.insert(cluster); }
  bool knows(const std::string& cluster) const { return clusters_.contains(cluster); }
  const std::set<std::string>& clusters() const { return clusters_; }

  const std::map<Holder, LedgerEntry>& held() const { return held_; }
  const std::deque<LedgerEntry>& released() const { return released_; }  // least recently first
  // Every address held or released, in order; the holder's state.
  const std::map<net::IpAddress, HoldState>& addresses() const { return addresses_; }
  std::vector<LedgerEntry> entries() const;  // the released ones first, then the held ones by name

  friend bool operator==(const LedgerBook&, const LedgerBook&) = default;

 private:
  void forget_released(const net::IpAddress& vip);

  std::map<Holder, LedgerEntry> held_;
  std::map<net::IpAddress, Holder> holders_;
  std::deque<LedgerEntry> released_;
  std::map<net::IpAddress, HoldState> addresses_;
  std::set<std::string> clusters_;
};

}  // namespace sluice::control::ipam
