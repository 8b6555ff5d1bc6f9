#include "dataplane/steer.h"

#include <algorithm>
#include <cstring>

#include "dataplane/open_flow.h"
#include "dataplane/relay.h"
#include "dataplane/rewrite.h"
#include "dataplane/stop.h"
#include "dataplane/transport.h"

namespace sluice::dataplane {
namespace {

template <typename Family>
bool is_snat_address(const FamilySnapshot<Family>& snapshot, const typename Family::Address& address) {
  return std::ranges::find(snapshot.snat_addresses, address) != snapshot.snat_addresses.end();
}

template <typename Family>
void drop_flow(WorkerState<Family>& state, Packet& packet) {
  auto& flow = *packet.flow<Family>();
  state.ports.release(flow.snat, flow.snat_port, flow.port_group);
  state.flows.erase(flow);
  state.changed = true;
  packet.flow<Family>() = nullptr;
}

// A packet that belongs to no flow: for a service, for nothing of ours, or for the kernel.
template <typename Family>
Verdict judge_unknown(const FamilySnapshot<Family>& snapshot, WorkerState<Family>& state, Packet& packet) {
  const auto& key = packet.key<Family>();
  if (packet.has_ports()) {
    packet.service = snapshot.services.find(key.destination, key.destination_port, key.protocol);
    if (packet.service != lb::kNoService) return Verdict::kContinue;
  }
  const bool is_vip = snapshot.services.has_vip(key.destination);
  // A SNAT address of our own has nothing behind it but flows; one that the kernel shares may have its connections.
  const auto& answered = snapshot.answered_addresses;
  if (!is_vip && !std::binary_search(answered.begin(), answered.end(), key.destination)) return Verdict::kToKernel;
  if (packet.has_ports()) {
    state.may_refuse = true;
    return is_vip ? Verdict::kDropNoService : Verdict::kDropStray;
  }
  if (packet.is_error()) return is_vip ? Verdict::kDropIcmpNoFlow : Verdict::kDropStray;
  if (packet.is_fragment()) return Verdict::kDropFragment;
  return is_vip ? Verdict::kDropProtocol : Verdict::kDropStray;
}

template <typename Family>
[[gnu::cold, gnu::noinline]] Verdict judge_other(const Snapshot& snapshot, WorkerState<Family>& state, Packet& packet) {
  if (packet.is_error() || packet.is_later()) {
    const auto found = state.flows.find(packet.key<Family>(), packet.hash);
    packet.flow<Family>() = found.flow;
    packet.direction = found.direction;
    if (found.flow != nullptr)
      return packet.is_error() ? relay<Family>(snapshot, packet) : follow<Family>(snapshot, packet);
  }
  return judge_unknown(snapshot.of<Family>(), state, packet);
}

// A UDP "connection" has no end that we could see, and a handshake without an answer has nothing to lose: they move as
// soon as their node, or their node port, serves the service no more.
template <typename Transport, typename Family>
bool must_move(const ServicePort<Family>& service, const nat::Flow<Family>& flow) {
  if (!Transport::is_movable(flow) || service.table->empty()) return false;
  return flow.node_port != service.target_port() || !service.table->contains(flow.backend);
}

// Whether nothing more comes of a flow: its node is lost, or was left for longer than a flow may stay with it. A lost
// node that is heard all the same goes on.
template <typename Family>
bool is_over(const FamilySnapshot<Family>& snapshot, const nat::Flow<Family>& flow, nat::Direction direction) {
  const auto& drained = snapshot.service_ports[flow.service].drained;
  if (flow.backend >= snapshot.backends.size() || std::ranges::binary_search(drained, flow.backend)) return true;
  return direction == nat::Direction::kToNode && snapshot.backends[flow.backend].state == lb::BackendState::kDown;
}

// A client's SYN, or INIT. Only of protocols that have connections.
template <typename Transport>
bool asks_anew(const Packet& packet) {
  return packet.direction == nat::Direction::kToNode && Transport::opens_connection(packet);
}

// Brings a flow to the snapshot's epoch; a flow that cannot go on there is forgotten: the packet's flow becomes null.
template <typename Transport, typename Family>
Verdict revalidate(const Snapshot& snapshot, WorkerState<Family>& state, Packet& packet) {
  auto& flow = *packet.flow<Family>();
  if (!serves(snapshot.of<Family>(), flow.service)) {  // Deleted; its VIP may already be another's.
    drop_flow(state, packet);
    return Verdict::kContinue;
  }
  if (is_over(snapshot.of<Family>(), flow, packet.direction)) {
    const bool ends = Transport::has_connections(flow.protocol) && !asks_anew<Transport>(packet);
    drop_flow(state, packet);
    state.may_refuse |= ends;
    state.moves = !Transport::has_connections(packet.key<Family>().protocol);
    return ends ? Verdict::kDropBackendGone : Verdict::kContinue;  // A datagram, a SYN or an INIT gets another node.
  }
  const bool moves = must_move<Transport>(snapshot.of<Family>().service_ports[flow.service], flow);
  if (moves && packet.direction == nat::Direction::kToNode) {
    drop_flow(state, packet);
    state.moves = true;
    return Verdict::kContinue;
  }
  const std::uint16_t next_hop = snapshot.of<Family>().routes.find(flow.client);
  if (next_hop == kNoRoute) return Verdict::kDropNoRoute;
  flow.client_next_hop = next_hop;
  if (!moves) flow.epoch = snapshot.epoch;  // A late answer gets through, the client's next packet moves the flow.
  return Verdict::kContinue;
}

// A new connection may take the place of one that is over (TIME_WAIT reuse, RFC 9293 3.6.1, RFC 6191).
template <typename Transport, typename Family>
bool is_reopened(const Packet& packet, const nat::Flow<Family>& flow) {
  return Transport::may_reuse(flow) && asks_anew<Transport>(packet);
}

template <typename Transport, typename Family>
void keep_state(nat::Tick now, Packet& packet) {
  auto& flow = *packet.flow<Family>();
  Transport::note(flow, packet, now);
  // The client's frames say where it is now: its own MAC address, or the router's that it moved to. Without a branch,
  // as directions mix at random.
  std::uint64_t seen = 0, known = 0;
  std::memcpy(&seen, &packet.ethernet().source, sizeof(net::MacAddress));
  std::memcpy(&known, &flow.client_mac, sizeof(net::MacAddress));
  known ^= (seen ^ known) & (static_cast<std::uint64_t>(packet.direction) - 1);
  std::memcpy(flow.client_mac.bytes.data(), &known, sizeof(net::MacAddress));
}

}  // namespace

template <typename Family>
bool serves(const FamilySnapshot<Family>& snapshot, std::uint32_t service) {
  return service < snapshot.service_ports.size() && snapshot.service_ports[service].table != nullptr;
}

template <typename Transport, typename Family>
Verdict classify(const Snapshot& snapshot, WorkerState<Family>& state, Packet& packet) {
  if (!Transport::is_of(packet)) [[unlikely]]
    return judge_other(snapshot, state, packet);
  const auto found = state.flows.find(packet.key<Family>(), packet.hash);
  packet.flow<Family>() = found.flow;
  packet.direction = found.direction;
  if (found.flow != nullptr) [[likely]]
    return Verdict::kContinue;
  return judge_unknown(snapshot.of<Family>(), state, packet);
}

template <typename Transport, typename Family>
Verdict steer(const Snapshot& snapshot, WorkerState<Family>& state, nat::Tick now, Packet& packet) {
  if (state.changed) [[unlikely]] {
    const Verdict again = classify<Transport>(snapshot, state, packet);
    if (again != Verdict::kContinue) return again;
  }
  auto*& flow = packet.flow<Family>();
  if (flow != nullptr) [[likely]] {
    if (may_end_here<Family>(snapshot, packet)) [[unlikely]] {
      const Verdict stopped =
          stop<Family>(snapshot, next_hop_of(snapshot.of<Family>(), *flow, packet.direction), packet);
      state.may_refuse |= stopped != Verdict::kContinue;
      if (stopped != Verdict::kContinue) return stopped;
    }
    if (flow->epoch != snapshot.epoch) [[unlikely]] {
      const Verdict valid = revalidate<Transport>(snapshot, state, packet);
      if (valid != Verdict::kContinue) return valid;
    }
    if (flow != nullptr && is_reopened<Transport>(packet, *flow)) [[unlikely]]
      drop_flow(state, packet);
    if (flow == nullptr) [[unlikely]] {
      const Verdict judged = judge_unknown(snapshot.of<Family>(), state, packet);
      if (judged != Verdict::kContinue) {
        state.moves = false;
        return judged;
      }
    }
  }
  if (flow == nullptr) {
    const Verdict opened = open_flow<Transport>(snapshot, state, now, packet);
    if (opened != Verdict::kContinue) return opened;
  }
  keep_state<Transport, Family>(now, packet);
  return Verdict::kContinue;
}

template <typename Family>
unsigned owner(const FamilySnapshot<Family>& snapshot, const net::FlowKey<Family>& key, const nat::Rss& rss,
               unsigned self) {
  if (snapshot.services.has_vip(key.destination) || is_snat_address(snapshot, key.destination))
    return rss.worker_of(key);
  if (!snapshot.keeps_clients) return self;
  if (snapshot.services.has_vip(key.source)) return rss.worker_of(reversed(key));  // Delivery dsr.
  const std::uint32_t service = snapshot.ways_back.service_of(key);
  if (service >= snapshot.service_ports.size()) return self;
  const auto& asked = snapshot.service_ports[service];
  return rss.worker_of(net::FlowKey<Family>{.source = key.destination,
                                            .destination = asked.vip,
                                            .source_port = key.destination_port,
                                            .destination_port = asked.port,
                                            .protocol = key.protocol});
}

template <typename Family>
bool may_have_flow(const FamilySnapshot<Family>& snapshot, const net::FlowKey<Family>& key) {
  if (!net::has_ports(key.protocol)) return false;
  return snapshot.keeps_clients || snapshot.services.has_vip(key.destination) ||
         is_snat_address(snapshot, key.destination);
}

bool may_have_flow(const Snapshot& snapshot, const Packet& packet) {
  return packet.family == PacketFamily::kIpv4 ? may_have_flow(snapshot.v4, packet.key4)
                                              : may_have_flow(snapshot.v6, packet.key6);
}

unsigned owner(const Snapshot& snapshot, const Packet& packet, const nat::Rss& rss, unsigned self) {
  if (packet.content == Content::kOther) return self;
  return packet.family == PacketFamily::kIpv4 ? owner(snapshot.v4, packet.key4, rss, self)
                                              : owner(snapshot.v6, packet.key6, rss, self);
}

template bool serves(const FamilySnapshot<net::Ipv4>& snapshot, std::uint32_t service);
template bool serves(const FamilySnapshot<net::Ipv6>& snapshot, std::uint32_t service);
#define SLUICE_STEPS(Transport, Family)                                                                       \
  template Verdict classify<Transport>(const Snapshot& snapshot, WorkerState<Family>& state, Packet& packet); \
  template Verdict steer<Transport>(const Snapshot& snapshot, WorkerState<Family>& state, nat::Tick now, Packet& packet)
SLUICE_STEPS(TcpOrUdp, net::Ipv4);
SLUICE_STEPS(TcpOrUdp, net::Ipv6);
SLUICE_STEPS(Sctp, net::Ipv4);
SLUICE_STEPS(Sctp, net::Ipv6);
#undef SLUICE_STEPS

}  // namespace sluice::dataplane
