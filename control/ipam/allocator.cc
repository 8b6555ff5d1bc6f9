#include "control/ipam/allocator.h"

#include <algorithm>
#include <numeric>

namespace sluice::control::ipam {
namespace {

using Names = std::vector<std::string>;

std::string join(const Names& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

const Pool* pool_named(std::span<const Pool> pools, std::string_view name) {
  const auto found = std::find_if(pools.begin(), pools.end(), [&](const Pool& pool) { return pool.name == name; });
  return found == pools.end() ? nullptr : &*found;
}

bool is_free_for(const LedgerBook& book, const net::IpAddress& vip, const ServiceName& service) {
  const LedgerEntry* holder = book.find_by_vip(vip);
  return holder == nullptr || holder->service == service;
}

base::Result<> check_wanted_pool(std::span<const Pool> pools, const Request& request) {
  if (pools.empty()) return base::fail("no pool of addresses is configured");
  if (request.wanted_pool.empty() || pool_named(pools, request.wanted_pool) != nullptr) return {};
  Names names;
  for (const Pool& pool : pools) names.push_back(pool.name);
  return base::fail("there is no pool '" + request.wanted_pool + "'; configured are " + join(names));
}

Allocation keep(std::span<const Pool> pools, const LedgerEntry& held, const Request& request) {
  Allocation kept{.vip = held.vip, .pool = held.pool, .reason = Reason::kHeld};
  const Pool* pool = find_pool(pools, held.vip);
  if (pool != nullptr) kept.pool = pool->name;
  const std::string vip = held.vip.to_string();
  if (request.wanted && *request.wanted != held.vip) {
    kept.note = "asks for " + request.wanted->to_string() + " but holds " + vip + " and keeps it";
  } else if (!request.wanted_pool.empty() && request.wanted_pool != kept.pool) {
    kept.note =
        "asks for pool '" + request.wanted_pool + "' but holds " + vip + " of pool '" + kept.pool + "' and keeps it";
  } else if (pool == nullptr) {
    kept.note = "keeps " + vip + " although no pool has it any more";
  }
  return kept;
}

base::Result<Allocation> choose_wanted(std::span<const Pool> pools, const LedgerBook& book, const Request& request) {
  const std::string vip = request.wanted->to_string();
  const Pool* pool = find_pool(pools, *request.wanted);
  if (pool == nullptr) {
    return base::fail("the requested address " + vip + " is in no pool");
  }
  if (!request.wanted_pool.empty() && pool->name != request.wanted_pool) {
    return base::fail("the requested address " + vip + " is in pool '" + pool->name + "', not in the requested pool '" +
                      request.wanted_pool + "'");
  }
  if (!is_free_for(book, *request.wanted, request.service)) {
    return base::fail("the requested address " + vip + " is held by " +
                      book.find_by_vip(*request.wanted)->service.to_string());
  }
  return Allocation{.vip = *request.wanted, .pool = pool->name, .reason = Reason::kWanted};
}

// Why the address in the status cannot stay; empty if it can.
std::string objection_to_status(std::span<const Pool> pools, const LedgerBook& book, const Request& request) {
  const std::string start = "cannot keep " + request.status_address->to_string() + " of the status, ";
  if (find_pool(pools, *request.status_address) == nullptr) return start + "which is in no pool";
  if (is_free_for(book, *request.status_address, request.service)) return {};
  return start + "which is held by " + book.find_by_vip(*request.status_address)->service.to_string();
}

// The lowest address of the range that the book does not know. Both are walked in order: a step an address.
std::optional<net::IpAddress> first_unknown(const Pool& pool, const AddressRange& range, const LedgerBook& book) {
  auto known = book.addresses().lower_bound(range.first);
  for (net::IpAddress address = range.first;; address = next(address)) {
    if (known != book.addresses().end() && known->first == address) {
      ++known;
    } else if (pool.gives(address)) {
      return address;
    }
    if (address == range.last) return std::nullopt;
  }
}

std::optional<net::IpAddress> first_free(const Pool& pool, const LedgerBook& book, IpFamily family) {
  for (const AddressRange& range : pool.ranges) {
    if (family_of(range.first) != family) continue;
    if (const auto address = first_unknown(pool, range, book)) return address;
  }
  for (const LedgerEntry& released : book.released()) {
    if (family_of(released.vip) == family && pool.gives(released.vip)) return released.vip;
  }
  return std::nullopt;
}

base::Result<Allocation> choose_free(std::span<const Pool> pools, const LedgerBook& book, const Request& request) {
  const std::string family{to_string(request.family)};
  Names tried;
  for (const Pool& pool : pools) {
    const bool asked_for = request.wanted_pool.empty() ? pool.auto_assign : pool.name == request.wanted_pool;
    if (!asked_for || !pool.has_ranges_of(request.family)) continue;
    if (const auto vip = first_free(pool, book, request.family))
      return Allocation{.vip = *vip, .pool = pool.name, .reason = Reason::kFree};
    tried.push_back(pool.name);
  }
  if (!tried.empty())
    return base::fail("no " + family + " address is left in " + (tried.size() == 1 ? "pool " : "pools ") + join(tried));
  if (!request.wanted_pool.empty()) return base::fail("pool '" + request.wanted_pool + "' has no " + family + " range");
  const bool has_none =
      std::none_of(pools.begin(), pools.end(), [&](auto& p) { return p.has_ranges_of(request.family); });
  if (has_none) return base::fail("no pool has an " + family + " range");
  return base::fail("no pool assigns " + family + " addresses by itself, and the Service names none");
}

Reason expected_reason(const LedgerBook& book, const Request& request) {
  if (book.find_by_holder(request.holder()) != nullptr) return Reason::kHeld;
  if (request.status_address) return Reason::kStatus;
  return request.wanted ? Reason::kWanted : Reason::kFree;
}

}  // namespace

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::kHeld: return "held already";
    case Reason::kStatus: return "stands in the status";
    case Reason::kWanted: return "asked for";
    case Reason::kFree: return "first free";
  }
  return "unknown";
}

base::Result<Allocation> choose(std::span<const Pool> pools, const LedgerBook& book, const Request& request) {
  if (const LedgerEntry* held = book.find_by_holder(request.holder())) return keep(pools, *held, request);
  std::string note;
  if (request.status_address) {
    note = objection_to_status(pools, book, request);
    if (note.empty()) {
      const Pool* pool = find_pool(pools, *request.status_address);
      return Allocation{.vip = *request.status_address, .pool = pool->name, .reason = Reason::kStatus};
    }
  }
  if (!request.no_new.empty()) return base::fail(request.no_new);
  if (const auto checked = check_wanted_pool(pools, request); !checked) return base::fail(checked.message());
  auto choice = request.wanted ? choose_wanted(pools, book, request) : choose_free(pools, book, request);
  if (choice) choice->note = std::move(note);
  return choice;
}

Assignments assign(std::span<const Pool> pools, LedgerBook book, std::span<const Request> requests, std::int64_t now) {
  std::vector<std::size_t> order(requests.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<Reason> expected;
  for (const Request& request : requests) expected.push_back(expected_reason(book, request));
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return expected[a] < expected[b]; });

  Assignments outcome{.book = std::move(book), .results = std::vector<base::Result<Allocation>>(requests.size())};
  for (const std::size_t i : order) {
    const Request& request = requests[i];
    auto choice = choose(pools, outcome.book, request);
    if (choice) {
      const LedgerEntry* held = outcome.book.find_by_holder(request.holder());
      const auto entered = outcome.book.hold({.service = request.service,
                                              .uid = request.uid,
                                              .vip = choice->vip,
                                              .pool = choice->pool,
                                              .since = held != nullptr ? held->since : now});
      if (!entered) choice = base::fail(entered.message());
    }
    outcome.results[i] = std::move(choice);
  }
  return outcome;
}

}  // namespace sluice::control::ipam
