// The same work as nat_bench's "find and translate", with DPDK's rte_hash in the place of our flow table:
// `rte_hash_bench [--flows N]... [--json]`. Why nat/flow_table.h is there at all.
//
// Two keys a flow, as ours; CRC hash; bulk look-ups of 32, which prefetch in stages of their own. Then the flow's line
// is prefetched, noted and the packet translated, as in nat_bench. Memory: what DPDK's heap gave out for the table, and
// the flows themselves.

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_malloc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "nat/flow.h"
#include "nat/huge_memory.h"
#include "nat/translate.h"
#include "tests/bench/measure.h"

namespace sluice::nat {
namespace {

constexpr std::size_t kBurst = 32;
constexpr std::size_t kKeysMax = std::size_t{1} << 20;
constexpr std::size_t kPackets = std::size_t{1} << 16;
constexpr int kRounds = 101;
constexpr std::uintptr_t kDirectionBit = 1;  // Of the value, which is a flow's address.

using bench::best_and_median;
using bench::Figure;

struct Packet {
  net::Ipv4Header ip;
  net::TcpHeader tcp;
};

Flow4 flow_of(std::uint32_t number) {
  const net::FlowKey4 client{.source = {net::Be32{0x0a000000U + number / 50'000}},
                             .destination = {net::Be32{0xcb007140}},
                             .source_port = net::Be16{static_cast<std::uint16_t>(10'000 + number % 50'000)},
                             .destination_port = net::Be16{443},
                             .protocol = net::IpProtocol::kTcp};
  return make_flow<net::Ipv4>({.client = client,
                               .snat = {net::Be32{0x0a020000U + number / 32'768}},
                               .snat_port = net::Be16{static_cast<std::uint16_t>(32'768 + number % 32'768)},
                               .node = {net::Be32{0x0a010000U + number % 1024}},
                               .node_port = net::Be16{30'443}});
}

std::size_t heap_bytes() {
  rte_malloc_socket_stats stats{};
  rte_malloc_get_socket_stats(0, &stats);
  return stats.heap_allocsz_bytes;
}

class World {
 public:
  explicit World(std::size_t flows)
      : memory_{flows * sizeof(Flow4)}, flows_{static_cast<Flow4*>(memory_.data()), flows} {
    const std::size_t before = heap_bytes();
    rte_hash_parameters parameters{};
    parameters.name = "flows";
    parameters.entries = static_cast<std::uint32_t>(2 * flows);
    parameters.key_len = sizeof(net::FlowKey4);
    parameters.hash_func = rte_hash_crc;
    parameters.socket_id = 0;
    parameters.extra_flag = RTE_HASH_EXTRA_FLAGS_EXT_TABLE;  // Else it is full before its last entries are used.
    table_ = rte_hash_create(&parameters);
    if (table_ == nullptr) {
      std::fprintf(stderr, "rte_hash for %zu flows: %s\n", flows, rte_strerror(rte_errno));
      std::exit(1);
    }
    bytes_ = heap_bytes() - before + memory_.bytes();
  }
  ~World() { rte_hash_free(table_); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void fill() {
    for (std::uint32_t i = 0; i < flows_.size(); ++i) {
      flows_[i] = flow_of(i);
      add(flows_[i], Direction::kToNode);
      add(flows_[i], Direction::kToClient);
    }
  }
  std::size_t bytes() const { return bytes_; }
  std::span<const Flow4> flows() const { return flows_; }

  // Returns the number of packets whose flow was found.
  std::size_t process_burst(const net::FlowKey4* keys, Packet* packets, Tick now) {
    const void* key_pointers[kBurst];
    void* values[kBurst];
    std::uint64_t hits = 0;
    for (std::size_t i = 0; i < kBurst; ++i) key_pointers[i] = &keys[i];
    const int found = rte_hash_lookup_bulk_data(table_, key_pointers, kBurst, &hits, values);
    for (std::size_t i = 0; i < kBurst; ++i) __builtin_prefetch(flow_at(values[i]), 1);
    for (std::size_t i = 0; i < kBurst; ++i) {
      if ((hits >> i & 1) == 0) continue;
      Flow4& flow = *flow_at(values[i]);
      const auto direction = static_cast<Direction>(reinterpret_cast<std::uintptr_t>(values[i]) & kDirectionBit);
      flow.note(direction, net::kTcpAck, now);
      decrement_ttl(packets[i].ip);
      translate(packets[i].ip, reinterpret_cast<std::uint8_t*>(&packets[i].tcp), flow, direction);
    }
    return static_cast<std::size_t>(std::max(found, 0));
  }

 private:
  static Flow4* flow_at(void* value) {
    return reinterpret_cast<Flow4*>(reinterpret_cast<std::uintptr_t>(value) & ~kDirectionBit);
  }
  void add(Flow4& flow, Direction direction) {
    const net::FlowKey4 key = flow.key(direction);
    auto* const value =
        reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(&flow) | static_cast<std::uintptr_t>(direction));
    if (rte_hash_add_key_data(table_, &key, value) != 0) std::fprintf(stderr, "a flow did not fit\n");
  }

  HugeMemory memory_;
  std::span<Flow4> flows_;
  rte_hash* table_ = nullptr;
  std::size_t bytes_ = 0;
};

void measure(std::size_t flows, bench::Format format) {
  World world{flows};
  const double speed = bench::cycles_per_second();
  const auto insert = best_and_median(1, flows, [&] { world.fill(); });
  std::mt19937_64 random{7};
  std::vector<net::FlowKey4> keys(std::clamp<std::size_t>(flows, kBurst, kKeysMax) / kBurst * kBurst);
  for (auto& key : keys) {
    const std::uint64_t number = random();
    key = world.flows()[(number >> 1) % flows].key(static_cast<Direction>(number & 1));
  }
  std::vector<Packet> packets(kBurst);
  std::size_t hits = 0, next_key = 0;
  const auto find = best_and_median(kRounds, kPackets, [&] {
    for (std::size_t i = 0; i < kPackets; i += kBurst) {
      hits += world.process_burst(&keys[next_key], packets.data(), static_cast<Tick>(i));
      next_key = next_key + kBurst < keys.size() ? next_key + kBurst : 0;
    }
  });
  if (hits != kPackets * kRounds) std::fprintf(stderr, "look-ups failed\n");
  const double bytes = static_cast<double>(world.bytes()) / static_cast<double>(flows);
  bench::print(
      {{"rte_hash insert", flows, "flows/s", speed / insert.best, speed / insert.median, 1e6},
       {"rte_hash memory", flows, "bytes/flow", bytes, bytes, flows >= 1'000'000 ? 104.0 : 0.0},
       {"rte_hash find and translate", flows, "cycles/packet", find.best, find.median, bench::cycles_budget(flows)}},
      format);
}

// DPDK gives no second try, so the kernel is asked before whether huge pages of 2 MB suffice.
bool start_eal(std::size_t flows_max) {
  const std::size_t megabytes = 64 + flows_max * 2 * 128 / 1'000'000;  // 128 bytes a key are always enough.
  std::size_t free_pages = 0;
  std::ifstream{"/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"} >> free_pages;
  const std::size_t flow_pages = flows_max * sizeof(Flow4) / (2 << 20) + 8;
  const bool use_huge_pages = free_pages > megabytes / 2 + flow_pages;
  std::string arguments[] = {"rte_hash_bench",
                             "--no-pci",
                             "--log-level=lib.*:error",
                             "-l",
                             "0",
                             "-m",
                             "",
                             "--no-telemetry",
                             use_huge_pages ? "--in-memory" : "--no-huge"};
  arguments[6] = std::to_string(megabytes);
  std::array<char*, std::size(arguments)> pointers{};
  std::transform(std::begin(arguments), std::end(arguments), pointers.begin(), [](auto& text) { return text.data(); });
  std::fprintf(stderr, "(rte_hash on %s pages)\n", use_huge_pages ? "huge" : "small");
  return rte_eal_init(static_cast<int>(pointers.size()), pointers.data()) >= 0;
}

}  // namespace
}  // namespace sluice::nat

int main(int argument_count, char** arguments) {
  using namespace sluice;
  const auto options = bench::parse_options(argument_count, arguments, {16'384, 1'000'000, 10'000'000});
  if (!nat::start_eal(*std::max_element(options.flow_counts.begin(), options.flow_counts.end()))) {
    std::fprintf(stderr, "DPDK does not start: %s\n", rte_strerror(rte_errno));
    return 1;
  }
  for (const std::size_t flows : options.flow_counts) nat::measure(flows, options.format);
  rte_eal_cleanup();
  return 0;
}
