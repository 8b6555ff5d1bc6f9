// What flow look-up and rewriting cost a packet: `nat_bench [--flows N]... [--json]`.
//
// Bursts of 32 packets of flows chosen at random, half of them in each direction, look-ups staged as the
// pipeline does it. Keys are read in order from an array no longer than there are flows (a line streamed in for
// every four), and the headers that are rewritten stay in the first cache, as those of packets just received
// do. The best of several rounds is given, since the machine is shared; the rounds' median stands beside it in
// the JSON.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "nat/flow_table.h"
#include "nat/port_pool.h"
#include "nat/translate.h"
#include "tests/bench/measure.h"

namespace sluice::nat {
namespace {

constexpr std::size_t kBurst = 32;
constexpr std::size_t kKeysMax = std::size_t{1} << 20;
constexpr std::size_t kPackets = std::size_t{1} << 16;  // a round: short, to fit between two interruptions
constexpr net::Be16 kNodePort{30'443};
constexpr int kRounds = 101;
constexpr std::uint64_t kSeed = 0x5eed;

using bench::best_and_median;
using bench::Figure;

struct Packet {
  net::Ipv4Header ip;
  net::TcpHeader tcp;
};

net::FlowKey4 client_key(std::uint32_t number) {
  return {.source = {net::Be32{0x0a000000U + number / 50'000}},
          .destination = {net::Be32{0xcb007140}},
          .source_port = net::Be16{static_cast<std::uint16_t>(10'000 + number % 50'000)},
          .destination_port = net::Be16{443},
          .protocol = net::IpProtocol::kTcp};
}

// 1,024 endpoints on enough addresses that the ports suffice.
class World {
 public:
  explicit World(std::size_t flows)
      : addresses_{make_addresses(flows)},
        table_{{.capacity = flows, .seed = kSeed}},
        ports_{{.addresses = addresses_, .groups = 64}} {}

  Flow4* add(std::uint32_t number) {
    const net::FlowKey4 key = client_key(number);
    const std::uint64_t hash = table_.hash(key);
    if (table_.find(key, hash).flow != nullptr) return nullptr;
    const net::Ipv4Address node{net::Be32{0x0a010000U + static_cast<std::uint32_t>(hash % 1024)}};
    const auto snat = ports_.allocate(node, kNodePort, key.protocol, hash);
    if (!snat.has_value()) return nullptr;
    Flow4 flow = make_flow<net::Ipv4>(
        {.client = key, .snat = snat->address, .snat_port = snat->port, .node = node, .node_port = kNodePort});
    flow.port_group = snat->group;
    return table_.insert(flow);
  }
  void release_port(const Flow4& flow) { ports_.release(flow.snat, flow.snat_port, flow.port_group); }
  void remove(Flow4& flow) {
    release_port(flow);
    table_.erase(flow);
  }
  FlowTable4& table() { return table_; }

 private:
  static std::vector<net::Ipv4Address> make_addresses(std::size_t flows) {
    std::vector<net::Ipv4Address> addresses(2 + flows / 1'000'000);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      addresses[i] = {net::Be32{0x0a020000U + static_cast<std::uint32_t>(i)}};
    }
    return addresses;
  }
  std::vector<net::Ipv4Address> addresses_;
  FlowTable4 table_;
  PortPool4 ports_;
};

// Returns the number of packets whose flow was found.
std::size_t process_burst(FlowTable4& table, const net::FlowKey4* keys, Packet* packets, Tick now) {
  std::uint64_t hashes[kBurst];
  std::size_t found_count = 0;
  for (std::size_t i = 0; i < kBurst; ++i) {
    hashes[i] = table.hash(keys[i]);
    table.prefetch_bucket(hashes[i]);
  }
  for (std::size_t i = 0; i < kBurst; ++i) table.prefetch_flow(hashes[i]);
  for (std::size_t i = 0; i < kBurst; ++i) {
    const Found found = table.find(keys[i], hashes[i]);
    if (found.flow == nullptr) continue;
    found.flow->note(found.direction, net::kTcpAck, now);
    decrement_ttl(packets[i].ip);
    translate(packets[i].ip, reinterpret_cast<std::uint8_t*>(&packets[i].tcp), *found.flow, found.direction);
    ++found_count;
  }
  return found_count;
}

std::vector<const Flow4*> flows_of(const FlowTable4& table) {
  std::vector<const Flow4*> flows;
  table.visit(0, table.capacity(), [&](const Flow4& flow) { flows.push_back(&flow); });
  return flows;
}

void measure_building(World& world, std::size_t flows, std::vector<Figure>& figures) {
  const double speed = bench::cycles_per_second();
  const auto insert = best_and_median(1, flows, [&] {
    for (std::uint32_t number = 0; number < flows; ++number) world.add(number);
  });
  const double bytes = static_cast<double>(world.table().memory_bytes()) / static_cast<double>(flows);
  figures.push_back({"nat insert", flows, "flows/s", speed / insert.best, speed / insert.median, 1e6});
  // Small tables are rounded up to whole huge pages.
  figures.push_back({"nat memory", flows, "bytes/flow", bytes, bytes, flows >= 1'000'000 ? 104.0 : 0.0});
  if (world.table().size() != flows) std::fprintf(stderr, "only %zu of %zu flows fit\n", world.table().size(), flows);
}

void measure_packets(World& world, std::size_t flows, std::vector<Figure>& figures) {
  FlowTable4& table = world.table();
  const auto all = flows_of(table);
  std::mt19937_64 random{7};
  std::vector<net::FlowKey4> known(std::clamp<std::size_t>(flows, kBurst, kKeysMax) / kBurst * kBurst);
  std::vector<net::FlowKey4> unknown(known.size());
  for (std::size_t i = 0; i < known.size(); ++i) {
    const std::uint64_t number = random();
    known[i] = all[(number >> 1) % all.size()]->key(static_cast<Direction>(number & 1));
    unknown[i] = client_key(static_cast<std::uint32_t>(random() % 2'000'000'000 + flows));
  }
  std::vector<Packet> packets(kBurst);
  std::size_t hits = 0, next_key = 0;
  const auto run = [&](const std::vector<net::FlowKey4>& keys) {
    for (std::size_t i = 0; i < kPackets; i += kBurst) {
      hits += process_burst(table, &keys[next_key], packets.data(), static_cast<Tick>(i));
      next_key = next_key + kBurst < keys.size() ? next_key + kBurst : 0;
    }
  };
  const auto hit = best_and_median(kRounds, kPackets, [&] { run(known); });
  if (hits != kPackets * kRounds) std::fprintf(stderr, "look-ups failed\n");
  const auto miss = best_and_median(kRounds, kPackets, [&] { run(unknown); });
  figures.push_back(
      {"nat find and translate", flows, "cycles/packet", hit.best, hit.median, bench::cycles_budget(flows)});
  figures.push_back({"nat find, no flow", flows, "cycles/packet", miss.best, miss.median, 0});
}

// Ends with an empty table.
void measure_turnover(World& world, std::size_t flows, std::vector<Figure>& figures) {
  FlowTable4& table = world.table();
  const Timeouts timeouts;
  const auto scan = best_and_median(3, flows, [&] { table.expire(0, timeouts, flows, [](const Flow4&) {}); });
  figures.push_back({"nat expiry, nothing idle", flows, "cycles/entry", scan.best, scan.median, 0});

  auto all = flows_of(table);
  std::shuffle(all.begin(), all.end(), std::mt19937_64{8});
  all.resize(std::min<std::size_t>(flows, 1'000'000));
  auto number = static_cast<std::uint32_t>(flows);
  const double speed = bench::cycles_per_second();
  const auto renew = best_and_median(1, all.size(), [&] {
    for (const Flow4* flow : all) {
      world.remove(const_cast<Flow4&>(*flow));
      world.add(number++);
    }
  });
  figures.push_back({"nat erase and insert", flows, "pairs/s", speed / renew.best, speed / renew.median, 1e6});

  const Tick late = static_cast<Tick>(kPackets) + timeouts.established + 1;
  const auto expiry = best_and_median(
      1, flows, [&] { table.expire(late, timeouts, flows, [&](const Flow4& flow) { world.release_port(flow); }); });
  figures.push_back({"nat expiry, all idle", flows, "cycles/flow", expiry.best, expiry.median, 0});
}

}  // namespace
}  // namespace sluice::nat

int main(int argument_count, char** arguments) {
  using namespace sluice;
  const auto options = bench::parse_options(argument_count, arguments, {16'384, 1'000'000, 10'000'000});
  for (const std::size_t flows : options.flow_counts) {
    std::vector<bench::Figure> figures;
    nat::World world{flows};
    nat::measure_building(world, flows, figures);
    nat::measure_packets(world, flows, figures);
    nat::measure_turnover(world, flows, figures);
    bench::print(figures, options.format);
  }
  return 0;
}
