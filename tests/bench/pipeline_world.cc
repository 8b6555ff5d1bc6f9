#include "tests/bench/pipeline_world.h"

#include <string>

namespace sluice::bench {
namespace {

using dataplane::NextHop;

constexpr unsigned kNodes = 64;
constexpr unsigned kVips = 16;
constexpr std::array<std::uint16_t, 2> kPorts{80, 443};
constexpr std::uint32_t kFirstVip = 0xcb007140;     // 203.0.113.64
constexpr std::uint32_t kFirstNode = 0x0a01000b;    // 10.1.0.11
constexpr std::uint32_t kFirstSnat = 0x0a020000;    // 10.2.0.0
constexpr std::uint32_t kFirstClient = 0x64400000;  // 100.64.0.0
constexpr std::uint32_t kPortsPerClient = 50'000;
constexpr net::MacAddress kWanMac{{2, 0, 0, 0, 0, 1}}, kLanMac{{2, 0, 0, 0, 0, 2}}, kRouterMac{{2, 0, 0, 0, 1, 1}};

net::Ipv4Address address(std::uint32_t number) { return {net::Be32{number}}; }

std::shared_ptr<const lb::MaglevTable> all_nodes() {
  std::vector<lb::MaglevMember> members;
  for (unsigned i = 0; i < kNodes; ++i) {
    members.push_back({.id = i + 1, .identity = lb::identity_of("node-" + std::to_string(i)), .weight = 1});
  }
  return lb::MaglevTable::build(members);
}

std::vector<net::Ipv4Address> snat_addresses(std::size_t flows) {
  std::vector<net::Ipv4Address> addresses;
  for (std::uint32_t i = 0; i < 2 + flows / 200'000; ++i) addresses.push_back(address(kFirstSnat + i));
  return addresses;
}

void add_services(dataplane::Snapshot& snapshot) {
  const auto table = all_nodes();
  std::vector<lb::ServiceEntry<net::Ipv4>> entries;
  for (unsigned vip = 0; vip < kVips; ++vip) {
    for (const std::uint16_t port : kPorts) {
      const auto id = static_cast<std::uint32_t>(snapshot.v4.service_ports.size());
      snapshot.v4.service_ports.push_back({.vip = address(kFirstVip + vip),
                                           .port = net::Be16{port},
                                           .node_port = net::Be16{static_cast<std::uint16_t>(30'000 + id)},
                                           .protocol = net::IpProtocol::kTcp,
                                           .table = table});
      entries.push_back({{address(kFirstVip + vip), net::Be16{port}, net::IpProtocol::kTcp}, id});
    }
  }
  snapshot.v4.services = lb::ServiceTable4{entries};
}

// An Ethernet, IPv4 and TCP header to write keys into. Its checksums are wrong, which costs as much as right ones.
std::array<std::uint8_t, 64> blank_frame() {
  std::array<std::uint8_t, 64> bytes{};
  auto& ethernet = *reinterpret_cast<net::EthernetHeader*>(bytes.data());
  ethernet = {.destination = kWanMac, .source = kRouterMac, .type = net::kEtherTypeIpv4};
  auto& ip = *reinterpret_cast<net::Ipv4Header*>(bytes.data() + sizeof ethernet);
  ip = {.version_and_length = 0x45, .total_length = net::Be16{40}, .ttl = 64, .protocol = net::IpProtocol::kTcp};
  ip.checksum = net::Be16{0x1234};
  auto& tcp = *reinterpret_cast<net::TcpHeader*>(bytes.data() + sizeof ethernet + sizeof ip);
  tcp.data_offset = 5 << 4;
  tcp.checksum = net::Be16{0x5678};
  return bytes;
}

}  // namespace

std::unique_ptr<dataplane::Snapshot> make_snapshot(std::uint32_t epoch, std::size_t flows) {
  auto snapshot = std::make_unique<dataplane::Snapshot>();
  snapshot->epoch = epoch;
  snapshot->ports = {{.mac = kWanMac, .announces_vips = true}, {.mac = kLanMac}};
  snapshot->fits_everywhere = dataplane::frame_max(snapshot->ports);
  snapshot->next_hops = {{.destination = kRouterMac, .source = kWanMac, .port = 0, .kind = NextHop::Kind::kResolved},
                         {.source = kWanMac, .port = 0, .kind = NextHop::Kind::kOnLink},
                         {.source = kLanMac, .port = 1, .kind = NextHop::Kind::kOnLink}};
  snapshot->v4.backends.resize(1);
  for (std::uint8_t i = 0; i < kNodes; ++i) {
    const auto next_hop = static_cast<std::uint16_t>(snapshot->next_hops.size());
    snapshot->next_hops.push_back(
        {.destination = {{2, 0, 0, 0, 2, i}}, .source = kLanMac, .port = 1, .kind = NextHop::Kind::kResolved});
    snapshot->v4.backends.push_back(
        {.address = address(kFirstNode + i), .next_hop = next_hop, .state = lb::BackendState::kActive});
  }
  const std::array routes{dataplane::Route4{{address(0), 0}, {0}}, dataplane::Route4{{address(kFirstVip), 24}, {1}},
                          dataplane::Route4{{address(kFirstNode), 16}, {2}},
                          dataplane::Route4{{address(kFirstSnat), 16}, {2}}};
  snapshot->v4.routes = dataplane::RouteTable4{routes};
  snapshot->v4.snat_addresses = snat_addresses(flows);
  snapshot->v4.answered_addresses = snapshot->v4.snat_addresses;
  add_services(*snapshot);
  return snapshot;
}

void limit_sources(dataplane::Snapshot& snapshot, std::uint32_t networks) {
  std::vector<dataplane::Route4> routes;
  for (std::uint32_t i = 0; i < networks; ++i) routes.push_back({{address(kFirstClient + 256 * i), 24}, {0}});
  const auto table = std::make_shared<const dataplane::RouteTable4>(routes);
  for (auto& port : snapshot.v4.service_ports) port.source_ranges = table;
}

dataplane::PipelineOptions pipeline_options(std::size_t flows) {
  return {.flows_max = flows, .seed = 0x5eed, .snat_addresses = snat_addresses(flows)};
}

net::FlowKey4 client_key(std::uint32_t number) {
  return {.source = address(kFirstClient + number / kPortsPerClient),
          .destination = address(kFirstVip + number % kVips),
          .source_port = net::Be16{static_cast<std::uint16_t>(10'000 + number % kPortsPerClient)},
          .destination_port = net::Be16{kPorts[number / kVips % kPorts.size()]},
          .protocol = net::IpProtocol::kTcp};
}

void Frames::fill(dataplane::Burst& burst, const net::FlowKey4* keys, std::uint8_t tcp_flags) {
  static const auto kBlank = blank_frame();
  burst.clear();
  for (Buffer& buffer : buffers_) {
    std::uint8_t* const bytes = buffer.bytes.data();
    std::memcpy(bytes, kBlank.data(), kBlank.size());
    const net::FlowKey4& key = *keys++;
    auto& packet = burst.add(bytes, kFrameLength, 0, nullptr);
    auto& ip = packet.header<net::Ipv4Header>(sizeof(net::EthernetHeader));
    ip.source = key.source;
    ip.destination = key.destination;
    auto& tcp = packet.header<net::TcpHeader>(sizeof(net::EthernetHeader) + sizeof ip);
    tcp.source_port = key.source_port;
    tcp.destination_port = key.destination_port;
    tcp.flags = tcp_flags;
  }
}

}  // namespace sluice::bench
