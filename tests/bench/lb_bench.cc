// What the tables of lb/ cost to build and to read, and how many slots a change moves: `lb_bench [--json]`.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "lb/maglev.h"
#include "lb/service_table.h"
#include "tests/bench/measure.h"

namespace sluice::lb {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// The best of several runs: what the code costs when nothing else runs.
double best_seconds(unsigned runs, const std::function<void()>& work) {
  double best = 1e9;
  for (unsigned i = 0; i < runs; ++i) {
    const auto start = Clock::now();
    work();
    best = std::min(best, seconds_since(start));
  }
  return best;
}

// Filled in by the measurements, in their order.
std::vector<bench::Figure> figures;

void add(const std::string& name, const char* unit, double value, double bound) {
  figures.push_back({.name = name, .unit = unit, .value = value, .median = value, .reference = bound});
}

std::vector<MaglevMember> members_of(std::size_t count, unsigned weights, unsigned seed) {
  std::mt19937 random{seed};
  std::vector<MaglevMember> members;
  for (std::size_t i = 0; i < count; ++i) {
    members.push_back({.id = static_cast<BackendId>(i + 1),
                       .identity = identity_of(std::to_string(seed) + "/node-" + std::to_string(i)),
                       .weight = static_cast<std::uint32_t>(1 + random() % weights)});
  }
  return members;
}

void build_times() {
  for (const std::size_t count : {3U, 10U, 100U, 1000U, 5000U}) {
    for (const unsigned weights : {1U, 10U}) {
      const auto members = members_of(count, weights, 1);
      const double seconds = best_seconds(20, [&] { MaglevTable::build(members); });
      add("maglev build, " + std::to_string(count) + " backends, weights 1 to " + std::to_string(weights), "ms",
          seconds * 1e3, count == 1000 ? 5 : 0);
    }
  }
}

struct Moves {
  double total;        // fraction of all slots whose backend changed
  double unavoidable;  // the least that the new shares allow
};

Moves moves_between(std::span<const MaglevMember> before, std::span<const MaglevMember> after) {
  const auto first = MaglevTable::build(before);
  const auto second = MaglevTable::build(after);
  std::vector<std::int64_t> change(before.size() + 2);
  std::size_t moved = 0;
  for (unsigned slot = 0; slot < first->slots(); ++slot) {
    moved += first->id_at(slot) != second->id_at(slot) ? 1 : 0;
    --change[first->id_at(slot)];
    ++change[second->id_at(slot)];
  }
  std::int64_t least = 0;
  for (const std::int64_t slots : change) least += std::max<std::int64_t>(slots, 0);
  return {static_cast<double>(moved) / first->slots(), static_cast<double>(least) / first->slots()};
}

using Change = std::function<void(std::vector<MaglevMember>&, std::size_t)>;

void disruption(const std::string& name, std::size_t count, unsigned weights, const Change& change) {
  Moves sum{};
  constexpr unsigned kTrials = 20;
  for (unsigned trial = 0; trial < kTrials; ++trial) {
    const auto before = members_of(count, weights, trial);
    auto after = before;
    change(after, trial * count / kTrials);
    const Moves moves = moves_between(before, after);
    sum.total += moves.total / kTrials;
    sum.unavoidable += moves.unavoidable / kTrials;
  }
  add("moved slots, " + name, "%", sum.total * 100, 0);
  add("  of which no table could avoid", "%", sum.unavoidable * 100, 0);
}

void disruptions() {
  const auto leave = [](auto& members, std::size_t at) { members.erase(members.begin() + static_cast<long>(at)); };
  const auto raise = [](auto& members, std::size_t at) { ++members[at].weight; };
  for (const std::size_t count : {10U, 50U, 100U, 1000U}) {
    const std::string number = std::to_string(count);
    disruption("one of " + number + " leaves", count, 1, leave);
    disruption("one of " + number + ", weights 1 to 10, leaves", count, 10, leave);
    disruption("one of " + number + ", weights 1 to 10, gains 1", count, 10, raise);
  }
}

void look_ups() {
  const auto table = MaglevTable::build(members_of(1000, 10, 1));
  constexpr unsigned kLookups = 1U << 20;
  std::uint64_t sink = 0;
  const double select = best_seconds(10, [&] {
    for (std::uint64_t i = 0; i < kLookups; ++i) sink += table->select(i * 0x9e3779b97f4a7c15ULL);
  });
  add("maglev select", "ns", select * 1e9 / kLookups, 0);

  std::vector<ServiceEntry<net::Ipv4>> entries;
  for (std::uint32_t i = 0; i < 25000; ++i) {
    const net::Ipv4Address vip{net::Be32{0xc6120000 + i / 5}};
    entries.push_back({{vip, net::Be16{static_cast<std::uint16_t>(80 + i % 5)}, net::IpProtocol::kTcp}, i});
  }
  const ServiceTable4 services{entries};
  std::shuffle(entries.begin(), entries.end(), std::mt19937{1});
  const double few = best_seconds(10, [&] {
    for (unsigned i = 0; i < kLookups; ++i) sink += services.find(entries[i % 1024].key);
  });
  add("service look-up, 1,024 of 25,000 in use", "ns", few * 1e9 / kLookups, 0);
  const double all = best_seconds(10, [&] {
    for (unsigned i = 0, at = 0; i < kLookups; ++i, at = at + 1 < entries.size() ? at + 1 : 0) {
      sink += services.find(entries[at].key);
    }
  });
  add("service look-up, all of 25,000 in use", "ns", all * 1e9 / kLookups, 0);
  add("service table, 5,000 VIPs of 5 ports", "KiB", static_cast<double>(services.memory_bytes()) / 1024, 0);
  add("maglev table, 1,000 backends", "KiB", static_cast<double>(table->memory_bytes()) / 1024, 0);
  if (sink == 1) std::fprintf(stderr, "\n");  // The compiler must not drop the loops.
}

}  // namespace
}  // namespace sluice::lb

int main(int argument_count, char** arguments) {
  const auto options = sluice::bench::parse_options(argument_count, arguments, {});
  sluice::lb::build_times();
  sluice::lb::look_ups();
  sluice::lb::disruptions();
  sluice::bench::print(sluice::lb::figures, options.format);
}
