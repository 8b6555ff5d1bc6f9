#pragma once
// Which VIP a Service gets, and why: pure decisions over pools and book. A Service asks once for each of its families.
//
// In this order: the address that the ledger says it holds, even if no pool has it any more and even if a Service of
// that name was deleted and made anew; the address in its status, if free and in a pool (another controller's or an
// older ledger's promise to its clients); the one it asks for; the first free one. Pools are tried as configured; in a
// pool, addresses never given out come first, then the least recently released, so that a dead Service's clients do not
// soon meet a stranger. Refusals are sentences for an event.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/ipam/ledger_book.h"
#include "control/ipam/pool.h"
#include "net/address.h"

namespace sluice::control::ipam {

struct Request {
  ServiceName service;
  IpFamily family = IpFamily::kIpv4;  // All addresses here are of it.
  std::string uid;
  std::optional<net::IpAddress> wanted;          // spec.loadBalancerIP or annotation
  std::string wanted_pool;                       // annotation; empty: any that assigns by itself
  std::optional<net::IpAddress> status_address;  // what status.loadBalancer says already
  std::string no_new;  // why only an address that it has already, by ledger or status, may be given; empty: any may

  Holder holder() const { return {service, family}; }
};

enum class Reason : std::uint8_t { kHeld, kStatus, kWanted, kFree };
std::string_view to_string(Reason reason);  // "held already", …

struct Allocation {
  net::IpAddress vip;
  std::string pool;  // For a held address that no pool has any more: the pool that gave it.
  Reason reason = Reason::kFree;
  std::string note;  // What the user should know besides; empty when all is as asked.
};

// One request. The book is not changed: enter the outcome by LedgerBook::hold().
base::Result<Allocation> choose(std::span<const Pool> pools, const LedgerBook& book, const Request& request);

struct Assignments {
  LedgerBook book;                                // the given one with all outcomes entered
  std::vector<base::Result<Allocation>> results;  // as the requests stand
};

// All requests at once, none at another's expense: first those that hold an address, then those with one in their
// status, then those that ask for one, then the rest; among equals as they stand. `now` is the unix time for new holds.
Assignments assign(std::span<const Pool> pools, LedgerBook book, std::span<const Request> requests, std::int64_t now);

}  // namespace sluice::control::ipam
