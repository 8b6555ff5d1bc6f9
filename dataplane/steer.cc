#include "dataplane/steer.h"

#include <algorithm>
#include <cstring>

#include "nat/translate.h"

namespace sluice::dataplane {
namespace {

bool is_snat_address(const Snapshot& snapshot, net::Ipv4Address address) {
  return std::ranges::find(snapshot.snat_addresses, address) != snapshot.snat_addresses.end();
}

const Backend* usable_backend(const Snapshot& snapshot, lb::BackendId id) {
  if (id >= snapshot.backends.size()) return nullptr;
  const Backend& backend = snapshot.backends[id];
  return backend.state == lb::BackendState::kDown ? nullptr : &backend;
}

const ServicePort* service_port(const Snapshot& snapshot, std::uint32_t id) {
  return id < snapshot.service_ports.size() ? &snapshot.service_ports[id] : nullptr;
}

void drop_flow(WorkerState& state, Packet& packet) {
  nat::Flow& flow = *packet.flow;
  state.ports.release(flow.snat, flow.snat_port, flow.port_group);
  state.flows.erase(flow);
  state.changed = true;
  packet.flow = nullptr;
}

// A packet that belongs to no flow: for a service, for nothing of ours, or for the kernel.
Verdict judge_unknown(const Snapshot& snapshot, Packet& packet) {
  const auto& key = packet.key;
  const bool has_ports = packet.is_tcp_or_udp();
  if (has_ports) {
    packet.service = snapshot.services.find(key.destination, key.destination_port, key.protocol);
    if (packet.service != lb::kNoService) return Verdict::kContinue;
  }
  const bool is_vip = snapshot.services.has_vip(key.destination);
  // A SNAT address of our own has nothing behind it but flows; one that the kernel shares may have its connections.
  const auto& answered = snapshot.answered_addresses;
  if (!is_vip && !std::binary_search(answered.begin(), answered.end(), key.destination)) return Verdict::kToKernel;
  if (has_ports) return is_vip ? Verdict::kDropNoService : Verdict::kDropStray;
  if (packet.ipv4().is_fragment()) return Verdict::kDropFragment;
  return is_vip ? Verdict::kDropProtocol : Verdict::kDropStray;
}

// A UDP "connection" has no end that we could see, and a handshake without an answer has nothing to lose: they move as
// soon as their node, or their node port, serves the service no more.
bool must_move(const ServicePort& service, const nat::Flow& flow) {
  const bool is_movable = flow.protocol == net::IpProtocol::kUdp || flow.state == nat::TcpState::kSynSent;
  if (!is_movable || service.table->empty()) return false;
  return flow.node_port != service.node_port || !service.table->contains(flow.backend);
}

// Brings a flow to the snapshot's epoch; a flow that cannot go on there is forgotten: `packet.flow` becomes null.
Verdict revalidate(const Snapshot& snapshot, WorkerState& state, Packet& packet) {
  nat::Flow& flow = *packet.flow;
  const ServicePort* service = service_port(snapshot, flow.service);
  if (service == nullptr || service->table == nullptr) {  // Deleted; its VIP may already be another's.
    drop_flow(state, packet);
    return Verdict::kContinue;
  }
  const bool moves = must_move(*service, flow);
  if (moves && packet.direction == nat::Direction::kToNode) {
    drop_flow(state, packet);
    return Verdict::kContinue;
  }
  const std::uint16_t next_hop = snapshot.routes.find(flow.client);
  if (next_hop == kNoRoute) return Verdict::kDropNoRoute;
  flow.client_next_hop = next_hop;
  if (!moves) flow.epoch = snapshot.epoch;  // A late answer gets through, the client's next packet moves the flow.
  return Verdict::kContinue;
}

bool is_tcp(const Packet& packet) { return packet.key.protocol == net::IpProtocol::kTcp; }

// The first segment of a connection: SYN, and nothing that speaks of an older one.
bool opens_connection(const net::TcpHeader& tcp) {
  return (tcp.flags & (net::kTcpSyn | net::kTcpAck | net::kTcpRst | net::kTcpFin)) == net::kTcpSyn;
}

// A new connection may take the place of one that is over (TIME_WAIT reuse, RFC 9293 3.6.1, RFC 6191).
bool is_reopened(const Packet& packet) {
  return packet.direction == nat::Direction::kToNode && nat::may_reuse(packet.flow->state) && is_tcp(packet) &&
         opens_connection(packet.tcp());
}

Verdict open_flow(const Snapshot& snapshot, WorkerState& state, nat::Tick now, Packet& packet) {
  const ServicePort& service = snapshot.service_ports[packet.service];
  if (is_tcp(packet) && !opens_connection(packet.tcp())) return Verdict::kDropNoFlow;
  if (!admits(service, packet.key.source)) return Verdict::kDropSourceRange;
  const lb::BackendId id = service.table->select(choice_hash(service, packet.key));
  const Backend* backend = usable_backend(snapshot, id);
  if (id == lb::kNoBackend || backend == nullptr) return Verdict::kDropNoBackend;
  if (backend->next_hop == kNoRoute) return Verdict::kDropNoRoute;
  if (snapshot.next_hops[backend->next_hop].kind != NextHop::Kind::kResolved) return Verdict::kDropUnresolved;
  const std::uint16_t client_next_hop = snapshot.routes.find(packet.key.source);
  if (client_next_hop == kNoRoute) return Verdict::kDropNoRoute;

  const auto forget_port = [&](const nat::Flow& flow) {
    state.ports.release(flow.snat, flow.snat_port, flow.port_group);
    state.changed = true;
  };
  if (!state.flows.make_room(now, snapshot.timeouts, forget_port)) {
    return Verdict::kDropFlowTableFull;
  }
  const auto snat = state.ports.allocate(backend->address, service.node_port, packet.key.protocol, packet.hash);
  if (!snat) return Verdict::kDropSnatExhausted;
  nat::Flow flow = nat::make_flow({.client = packet.key,
                                   .snat = snat->address,
                                   .snat_port = snat->port,
                                   .node = backend->address,
                                   .node_port = service.node_port});
  flow.port_group = snat->group;
  flow.backend = id;
  flow.service = packet.service;
  flow.client_next_hop = client_next_hop;
  flow.epoch = snapshot.epoch;
  packet.flow = state.flows.insert(flow);
  if (packet.flow == nullptr) [[unlikely]] {  // No place in the index, although there is room in the table.
    state.ports.release(*snat);
    return Verdict::kDropFlowTableFull;
  }
  packet.direction = nat::Direction::kToNode;
  state.changed = true;
  return Verdict::kContinue;
}

void keep_state(nat::Tick now, Packet& packet) {
  nat::Flow& flow = *packet.flow;
  // For UDP the byte means nothing, and note() does not look at it.
  flow.note(packet.direction, flow.protocol == net::IpProtocol::kTcp ? packet.tcp().flags : std::uint8_t{0}, now);
  // The client's frames say where it is now: its own MAC address, or the router's that it moved to. Without a branch,
  // as directions mix at random.
  std::uint64_t seen = 0, known = 0;
  std::memcpy(&seen, &packet.ethernet().source, sizeof(net::MacAddress));
  std::memcpy(&known, &flow.client_mac, sizeof(net::MacAddress));
  known ^= (seen ^ known) & (static_cast<std::uint64_t>(packet.direction) - 1);
  std::memcpy(flow.client_mac.bytes.data(), &known, sizeof(net::MacAddress));
}

}  // namespace

bool admits(const ServicePort& service, net::Ipv4Address client) {
  return service.source_ranges == nullptr || service.source_ranges->find(client) != kNoRoute;
}

std::uint64_t choice_hash(const ServicePort& service, net::FlowKey key) {
  if (service.client_ip_affinity) key.source_port = key.destination_port = net::Be16{};
  return net::hash(key);
}

Verdict classify(const Snapshot& snapshot, WorkerState& state, Packet& packet) {
  if (packet.is_tcp_or_udp()) [[likely]] {
    const auto found = state.flows.find(packet.key, packet.hash);
    packet.flow = found.flow;
    packet.direction = found.direction;
    if (found.flow != nullptr) [[likely]]
      return Verdict::kContinue;
  }
  return judge_unknown(snapshot, packet);
}

Verdict steer(const Snapshot& snapshot, WorkerState& state, nat::Tick now, Packet& packet) {
  if (state.changed) [[unlikely]] {
    const Verdict again = classify(snapshot, state, packet);
    if (again != Verdict::kContinue) return again;
  }
  if (packet.flow != nullptr) [[likely]] {
    if (packet.flow->epoch != snapshot.epoch) [[unlikely]] {
      const Verdict valid = revalidate(snapshot, state, packet);
      if (valid != Verdict::kContinue) return valid;
    }
    if (packet.flow != nullptr && is_reopened(packet)) [[unlikely]]
      drop_flow(state, packet);
    if (packet.flow == nullptr) [[unlikely]] {
      const Verdict judged = judge_unknown(snapshot, packet);
      if (judged != Verdict::kContinue) return judged;
    }
  }
  if (packet.flow == nullptr) {
    const Verdict opened = open_flow(snapshot, state, now, packet);
    if (opened != Verdict::kContinue) return opened;
  }
  keep_state(now, packet);
  return Verdict::kContinue;
}

unsigned owner(const Snapshot& snapshot, const Packet& packet, unsigned workers, unsigned self) {
  if (!packet.is_tcp_or_udp()) return self;
  if (is_snat_address(snapshot, packet.key.destination)) {
    return nat::owner_of(packet.key.destination_port, workers);
  }
  if (!snapshot.services.has_vip(packet.key.destination)) return self;
  return static_cast<unsigned>((net::hash(packet.key) >> 32) * workers >> 32);
}

}  // namespace sluice::dataplane
