// What the whole pipeline costs a packet, without a driver: `pipeline_bench [--flows N]... [--once PACKETS] [--json]`.
//
// Bursts of 32 packets of established TCP flows chosen at random, half of them in each direction, are parsed, found,
// translated, given their next hop and counted: dataplane::Pipeline::process(), the code that workers run. Each frame
// is written anew before its burst, so every packet is really rewritten. That is the driver's part: the clock runs
// inside process() only (and while it reads itself, about a cycle a packet), which finds headers in the first cache, as
// after a driver that prefetches. Every verdict is checked. New connections are the client's SYN alone, into a table
// that fills from empty; "after a publish" is each flow's first packet under a new snapshot.
//
// --once runs PACKETS packets through process_all() without a clock, for callgrind:
//   valgrind --tool=callgrind --toggle-collect='*process_all*' pipeline_bench --flows 16384 --once 100000

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/measure.h"
#include "tests/bench/pipeline_world.h"

namespace sluice::bench {
namespace {

using dataplane::Verdict;
using Keys = std::vector<net::FlowKey4>;

constexpr std::size_t kBurst = dataplane::kBurstMax;
constexpr std::size_t kKeysMax = std::size_t{1} << 20;
constexpr std::size_t kPackets = std::size_t{1} << 16;  // a round: short, to fit between two interruptions
constexpr int kRounds = 101;
constexpr std::uint32_t kNetworks = 10'000;

class World {
 public:
  explicit World(std::size_t flows)
      : flows_{flows / kBurst * kBurst}, snapshot_{make_snapshot(1, flows)}, pipeline_{pipeline_options(flows)} {}

  // Runs the packets of these keys; answers the cycles that process() took.
  [[gnu::noinline]] std::uint64_t process_all(const net::FlowKey4* keys, std::size_t count, std::uint8_t tcp_flags) {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < count; i += kBurst) {
      frames_.fill(burst_, keys + i, tcp_flags);
      const std::uint64_t start = cycles();
      pipeline_.process(*snapshot_, 1000, burst_);
      total += cycles() - start;
      check_burst();
    }
    return total;
  }

  // Opens all flows and brings them to the established state. Answers connections a second of every slice.
  std::vector<double> open_flows() {
    const double speed = cycles_per_second();
    std::vector<double> rates;
    const std::size_t slice = std::max(kBurst, flows_ / 16 / kBurst * kBurst);
    Keys clients(flows_), nodes;
    for (std::uint32_t i = 0; i < flows_; ++i) clients[i] = client_key(i);
    for (std::size_t first = 0; first < flows_; first += slice) {
      const std::size_t count = std::min(slice, flows_ - first);
      const std::uint64_t cycles = process_all(&clients[first], count, net::kTcpSyn);
      rates.push_back(speed * static_cast<double>(count) / static_cast<double>(cycles));
    }
    pipeline_.v4().flows().visit(0, flows_, [&](const nat::Flow4& flow) { nodes.push_back(flow.to_client_key()); });
    process_all(nodes.data(), nodes.size(), net::kTcpSyn | net::kTcpAck);
    process_all(clients.data(), clients.size(), net::kTcpAck);
    return rates;
  }

  // Keys of packets of random flows, of either direction at random.
  Keys random_keys() const {
    std::vector<const nat::Flow4*> flows;
    pipeline_.v4().flows().visit(0, flows_, [&](const nat::Flow4& flow) { flows.push_back(&flow); });
    std::mt19937_64 random{7};
    Keys keys(std::clamp(flows_, kBurst, kKeysMax));
    for (auto& key : keys) {
      const std::uint64_t number = random();
      key = flows[(number >> 1) % flows.size()]->key(static_cast<nat::Direction>(number & 1));
    }
    return keys;
  }

  void limit_sources(std::uint32_t networks) { bench::limit_sources(*snapshot_, networks); }
  void publish() { snapshot_ = make_snapshot(snapshot_->epoch + 1, flows_); }
  const dataplane::Pipeline& pipeline() const { return pipeline_; }

 private:
  // A benchmark of drops would be a fast one.
  void check_burst() {
    for (const auto& packet : burst_) {
      if (packet.verdict == Verdict::kToNode || packet.verdict == Verdict::kToClient) continue;
      const std::string_view verdict = dataplane::name(packet.verdict);
      std::fprintf(stderr, "a packet was not forwarded: %.*s\n", static_cast<int>(verdict.size()), verdict.data());
      std::exit(1);
    }
  }

  std::size_t flows_;
  std::unique_ptr<dataplane::Snapshot> snapshot_;
  dataplane::Pipeline pipeline_;
  dataplane::Burst burst_;
  Frames frames_;
};

Figure packets_figure(World& world, const Keys& keys, std::size_t flows) {
  std::vector<double> rounds;
  std::size_t next = 0;
  const std::size_t packets = std::min(kPackets, keys.size());
  for (int round = 0; round < kRounds; ++round) {
    if (next + packets > keys.size()) next = 0;
    const std::uint64_t cycles = world.process_all(&keys[next], packets, net::kTcpAck);
    rounds.push_back(static_cast<double>(cycles) / static_cast<double>(packets));
    next += packets;
  }
  const auto [best, median] = best_and_median(std::move(rounds));
  return {"pipeline, established full NAT", flows, "cycles/packet", best, median, cycles_budget(flows)};
}

Figure publish_figure(World& world, const Keys& keys, std::size_t flows) {
  std::vector<double> rounds;
  const std::size_t packets =
      std::min(kPackets / 16, keys.size() / 16 / kBurst * kBurst);  // So few that most flows come once.
  for (std::size_t round = 0; round < 15; ++round) {
    world.publish();
    const std::uint64_t cycles = world.process_all(&keys[round * packets], packets, net::kTcpAck);
    rounds.push_back(static_cast<double>(cycles) / static_cast<double>(packets));
  }
  const auto [best, median] = best_and_median(std::move(rounds));
  return {"pipeline, after a publish", flows, "cycles/packet", best, median, 0};
}

Figure opening_figure(World& world, std::size_t flows, const std::string& of_what = "") {
  auto rates = world.open_flows();
  std::sort(rates.begin(), rates.end(), std::greater<>{});
  return {"pipeline, new connections" + of_what, flows, "connections/s", rates.front(), rates[rates.size() / 2], 1e6};
}

Figure memory_figure(const World& world, std::size_t flows) {
  const double bytes = static_cast<double>(world.pipeline().v4().flows().memory_bytes()) / static_cast<double>(flows);
  // Small tables are rounded up to whole huge pages.
  return {"pipeline, flow memory", flows, "bytes/flow", bytes, bytes, flows >= 1'000'000 ? 104.0 : 0.0};
}

void measure(std::size_t flows, Format format) {
  World world{flows};
  std::vector<Figure> figures;
  figures.push_back(opening_figure(world, flows));
  const Keys keys = world.random_keys();
  figures.push_back(packets_figure(world, keys, flows));
  figures.push_back(publish_figure(world, keys, flows));
  figures.push_back(memory_figure(world, flows));
  World guarded{flows};
  guarded.limit_sources(kNetworks);
  figures.push_back(opening_figure(guarded, flows, ", " + std::to_string(kNetworks) + " source ranges"));
  print(figures, format);
  const auto pages = to_string(world.pipeline().v4().flows().pages());
  std::fprintf(stderr, "(%zu flows on %.*s)\n", flows, static_cast<int>(pages.size()), pages.data());
}

void run_once(std::size_t flows, std::size_t packets) {
  World world{flows};
  world.open_flows();
  const Keys keys = world.random_keys();
  for (std::size_t done = 0; done < packets; done += std::min(keys.size(), packets)) {
    world.process_all(keys.data(), std::min(keys.size(), packets) / kBurst * kBurst, net::kTcpAck);
  }
}

}  // namespace
}  // namespace sluice::bench

int main(int argument_count, char** arguments) {
  using namespace sluice::bench;
  const auto options = parse_options(argument_count, arguments, {16'384, 1'048'576, 10'000'000});
  for (const std::size_t flows : options.flow_counts) {
    if (flows < 1024) {
      std::fprintf(stderr, "--flows: at least 1024\n");
      return 2;
    }
    options.once > 0 ? run_once(flows, options.once) : measure(flows, options.format);
  }
  return 0;
}
