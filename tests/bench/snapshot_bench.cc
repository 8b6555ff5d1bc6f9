// What a snapshot costs control to build and to free, with many Services and nodes: `snapshot_bench [--json]`.

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "control/snapshot_builder.h"
#include "tests/bench/measure.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr unsigned kServices = 5'000;
constexpr unsigned kNodes = 1'000;
constexpr unsigned kNodesOfLocal = 3;
constexpr int kLink = 6;

net::Ipv4Address address(std::uint32_t first, std::uint32_t number) {
  return net::Ipv4Address{net::Be32{first + number}};
}
net::Ipv4Address node_address(std::uint32_t number) { return address(0x0a140000, 1 + number); }

void add_node(PlannedService& service, std::uint32_t number) {
  const std::string name = "node-" + std::to_string(number);
  service.nodes.push_back(
      {.node = name, .address = node_address(number), .state = PlannedNode::State::kIn, .weight = 1});
  for (auto& port : service.ports) port.backends.push_back({.node = name, .address = node_address(number)});
}

// One Service in ten is on all nodes, the others on three (policy Local).
Plan make_plan() {
  Plan plan;
  for (std::uint32_t i = 0; i < kServices; ++i) {
    PlannedService service{.cluster = "east", .stage = PlannedService::Stage::kServed};
    service.meta.name = "web-" + std::to_string(i);
    service.meta.name_space = "default";
    service.meta.uid = "uid-" + std::to_string(i);
    service.vips = {{.address = address(0xcb007100, i), .pool = "public", .reason = "first free"}};
    service.ports = {{.name = "http", .port = 80, .node_port = static_cast<std::uint16_t>(10'000 + 2 * i)},
                     {.name = "https", .port = 443, .node_port = static_cast<std::uint16_t>(10'001 + 2 * i)}};
    const unsigned nodes = i % 10 != 0 ? kNodesOfLocal : kNodes;
    for (std::uint32_t node = 0; node < nodes; ++node) add_node(service, nodes == kNodes ? node : (i + node) % kNodes);
    plan.services.push_back(std::move(service));
  }
  return plan;
}

class World {
 public:
  World() {
    for (std::uint32_t node = 0; node < kNodes; ++node) {
      neighbours_.push_back(
          {.key = {kLink, node_address(node)},
           .mac = net::MacAddress{{2, 0, 0, 1, static_cast<std::uint8_t>(node >> 8), static_cast<std::uint8_t>(node)}},
           .state = netlink::NeighbourState::kReachable});
    }
  }

  std::unique_ptr<dataplane::Snapshot> build() {
    now_ += 1s;
    return builder_
        .build({.plan = plan,
                .routes = routes_,
                .neighbours = neighbours_,
                .links = links_,
                .ports = ports_,
                .snat_addresses = {},
                .kernel_addresses = {},
                .timeouts = {},
                .now = now_})
        .snapshot;
  }

  Plan plan = make_plan();

 private:
  SnapshotBuilder builder_{3h};
  steady_clock::time_point now_{1h};
  std::vector<netlink::Route> routes_ = {
      {.prefix = *net::Ipv4Prefix::parse("10.20.0.0/16"), .next_hops = {{.link = kLink}}}};
  std::vector<netlink::Neighbour> neighbours_;
  std::vector<PortLink> links_ = {{.port = 0, .link = kLink, .mac = net::MacAddress{{2, 0, 0, 0, 0, 2}}}};
  std::vector<dataplane::Port> ports_ = {{.mac = net::MacAddress{{2, 0, 0, 0, 0, 2}}}};
};

template <typename Work>
bench::Figure milliseconds(const std::string& name, int rounds, Work&& work) {
  std::vector<double> values;
  for (int round = 0; round < rounds; ++round) {
    const auto start = steady_clock::now();
    work();
    values.push_back(std::chrono::duration<double, std::milli>(steady_clock::now() - start).count());
  }
  const auto [best, median] = bench::best_and_median(std::move(values));
  return {.name = name, .unit = "ms", .value = best, .median = median};
}

std::vector<bench::Figure> measure() {
  World world;
  const std::string of = ", 5000 services, 1000 nodes";
  std::vector<bench::Figure> figures;
  figures.push_back(milliseconds("snapshot build, the first" + of, 1, [&] { world.build(); }));
  std::unique_ptr<dataplane::Snapshot> snapshot;
  figures.push_back(milliseconds("snapshot build, nothing changed" + of, 5, [&] { snapshot = world.build(); }));
  bool is_in = true;
  figures.push_back(milliseconds("snapshot build, one node of one service" + of, 5, [&] {
    auto& backends = world.plan.services[1].ports[0].backends;
    if (is_in) {
      backends.pop_back();
    } else {
      backends.push_back({.node = "node-3", .address = node_address(3)});
    }
    is_in = !is_in;
    snapshot = world.build();
  }));
  figures.push_back(milliseconds("snapshot free" + of, 1, [&] { snapshot.reset(); }));
  return figures;
}

}  // namespace
}  // namespace sluice::control

int main(int argument_count, char** arguments) {
  const auto options = sluice::bench::parse_options(argument_count, arguments, {0});
  sluice::bench::print(sluice::control::measure(), options.format);
  return 0;
}
