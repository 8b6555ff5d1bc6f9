#include "control/retell.h"

#include <algorithm>

#include "control/connection_limit.h"
#include "control/delivery.h"
#include "control/recent_drops.h"
#include "control/version.h"

namespace sluice::control {
namespace {

std::string lower(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

// A node's share of the Maglev table of a service's first port that is served.
struct Shares {
  std::map<lb::BackendId, std::uint32_t> slots;  // Of both families: ids are common.
  unsigned total = 0;
};

template <typename Family>
void add_shares(const dataplane::FamilySnapshot<Family>& snapshot, std::uint32_t id, Shares& shares) {
  if (id >= snapshot.service_ports.size() || snapshot.service_ports[id].table == nullptr) return;
  const auto& table = *snapshot.service_ports[id].table;
  for (const auto& share : table.shares()) shares.slots[share.id] = share.slots;
  shares.total = table.slots();
}

Shares shares_of(const Appliance& appliance, const PlannedService& service) {
  Shares shares;
  const auto& ids = appliance.builder().service_ids().ids();
  for (const auto& port : service.ports) {
    if (!port.is_served()) continue;
    const auto id = ids.find({service.cluster, service.meta.uid, port.port, port.protocol});
    if (id == ids.end()) continue;
    add_shares(appliance.forwarder().snapshot().v4, id->second, shares);
    add_shares(appliance.forwarder().snapshot().v6, id->second, shares);
    if (shares.total > 0) break;
  }
  return shares;
}

std::string reason_of(const PlannedService& service) {
  using Stage = PlannedService::Stage;
  switch (service.stage) {
    case Stage::kPending: return service.problem;
    case Stage::kReserved: return "waits for its finalizer to be written";
    case Stage::kReleasing: return "no longer a load balancer of ours: finalizers and address go";
    case Stage::kServed: break;
  }
  if (!service.has_backends()) return "no usable node";
  return {};
}

// Names of the pools that its addresses come from, each once.
std::string pools_of(const PlannedService& service) {
  std::string text;
  for (std::size_t i = 0; i < service.vips.size(); ++i) {
    if (i > 0 && service.vips[i].pool == service.vips[i - 1].pool) continue;
    text += (text.empty() ? "" : ", ") + service.vips[i].pool;
  }
  return text;
}

void add_fact(messages::ServiceExplained& explained, const std::string& topic, const std::string& sentence) {
  auto& fact = *explained.add_facts();
  fact.set_topic(topic);
  fact.set_sentence(sentence);
}

}  // namespace

Names names_of(const Appliance& appliance) {
  Names names;
  for (const auto& service : appliance.plan().services) {
    for (const auto& node : service.nodes) {
      if (node.address) names.nodes[*node.address] = node.node;
    }
    for (const auto& [key, id] : appliance.builder().service_ids().ids()) {
      if (key.cluster == service.cluster && key.uid == service.meta.uid) names.services[id] = service.key();
    }
  }
  return names;
}

void retell(const PlannedService& service, messages::Service& to) {
  to.set_cluster(service.cluster);
  to.set_namespace_(service.meta.name_space);
  to.set_name(service.meta.name);
  to.set_class_(service.load_balancer_class);
  to.set_vip(service.vips_text());
  to.set_pool(pools_of(service));
  to.set_policy(std::string{kube::to_string(service.traffic_policy)});
  to.set_delivery(std::string{to_string(service.delivery)});
  to.set_state(std::string{to_string(service.stage)});
  to.set_reason(reason_of(service));
  for (const auto& port : service.ports) {
    auto& shown = *to.add_ports();
    shown.set_name(port.name);
    shown.set_protocol(lower(kube::to_string(port.protocol)));
    shown.set_port(port.port);
    shown.set_node_port(port.node_port);
    shown.set_active_backends(static_cast<std::uint32_t>(port.backends.size()));
    shown.set_problem(port.problem);
  }
}

void retell(const dataplane::FlowRecord& record, const Names& names, messages::Flow& to) {
  to.set_protocol(net::to_string(record.protocol));
  to.set_client(record.client.to_string());
  to.set_client_port(record.client_port.host());
  to.set_vip(record.vip.to_string());
  to.set_vip_port(record.vip_port.host());
  to.set_snat(record.snat.to_string());
  to.set_snat_port(record.snat_port.host());
  const auto node = names.nodes.find(record.node);
  to.set_node(node == names.nodes.end() ? record.node.to_string() : node->second);
  to.set_node_port(record.node_port.host());
  to.set_state(std::string{state_of(record)});
  to.set_idle_seconds(record.idle_seconds);
  const auto service = names.services.find(record.service);
  if (service != names.services.end()) to.set_service(service->second);
  to.set_worker(record.worker);
}

void retell(const dataplane::PortStatus& port, messages::Port& to) {
  to.set_name(port.name);
  to.set_device(port.device);
  to.set_driver(port.driver);
  to.set_mac(port.mac.to_string());
  to.set_mtu(port.mtu);
  to.set_link_up(port.link_up);
  to.set_tap(port.tap);
  to.set_vlan_of(port.vlan_of);
  to.set_vlan_id(port.vlan_id);
  to.set_queues(port.queues);
  to.set_why_handed_over(port.why_handed_over);
  to.set_handed_over(port.handed_over);
  for (const auto& offload : port.offloads) to.add_offloads(offload);
  to.set_rx_packets(port.rx_packets);
  to.set_rx_bytes(port.rx_bytes);
  to.set_rx_missed(port.rx_missed);
  to.set_rx_errors(port.rx_errors);
  to.set_tx_packets(port.tx_packets);
  to.set_tx_bytes(port.tx_bytes);
  to.set_tx_errors(port.tx_errors);
}

void retell(const dataplane::RecentDrop& drop, messages::DroppedPacket& to) {
  const bool is_refused = drop.packet.end != drop.drop;
  to.set_verdict(std::string{name(drop.packet.end)});
  if (is_refused) to.set_instead_of(std::string{name(drop.drop)});
  to.set_age_seconds(drop.age_seconds);
  to.set_worker(drop.worker);
  to.set_length(drop.packet.length);
  set_words(in_words(drop.packet), to);
  to.set_bytes(hex_of(drop.packet));
}

messages::Services retell_services(const Appliance& appliance) {
  messages::Services services;
  for (const auto& service : appliance.plan().services) retell(service, *services.add_services());
  for (const auto& warning : appliance.warnings()) services.add_warnings(warning);
  return services;
}

messages::Backends retell_backends(const Appliance& appliance) {
  messages::Backends backends;
  const auto& snapshot = appliance.forwarder().snapshot();
  for (const auto& service : appliance.plan().services) {
    const Shares shares = shares_of(appliance, service);
    for (const auto& node : service.nodes) {
      auto& row = *backends.add_backends();
      row.set_cluster(service.cluster);
      row.set_node(node.node);
      if (node.address) row.set_address(node.address->to_string());
      row.set_state(std::string{to_string(node.state)});
      row.set_reason(node.reason);
      row.set_service(service.key());
      row.set_weight(node.weight);
      row.set_slots_total(shares.total);
      if (!node.address) continue;
      const auto& ids = appliance.builder().backend_ids().ids();
      const auto id = ids.find({service.cluster, *node.address});
      if (id == ids.end() || id->second >= snapshot.v4.backends.size()) continue;
      const auto slots = shares.slots.find(id->second);
      if (slots != shares.slots.end()) row.set_slots(slots->second);
      const auto hop =
          node.address->is_v4() ? snapshot.v4.backends[id->second].next_hop : snapshot.v6.backends[id->second].next_hop;
      if (hop >= snapshot.next_hops.size()) continue;
      const bool resolved = snapshot.next_hops[hop].kind == dataplane::NextHop::Kind::kResolved;
      row.set_next_hop(resolved ? snapshot.next_hops[hop].destination.to_string() : "unresolved");
      row.set_out_port(appliance.options().ports[snapshot.next_hops[hop].port].name);
    }
  }
  return backends;
}

messages::Ports retell_ports(const Appliance& appliance) {
  messages::Ports ports;
  for (const auto& status : appliance.forwarder().port_status()) {
    auto& port = *ports.add_ports();
    retell(status, port);
    port.set_link_up(appliance.has_carrier(static_cast<std::size_t>(ports.ports_size() - 1)));
    const auto link = appliance.kernel().link(status.tap);
    for (const auto& address : appliance.kernel().addresses()) {
      if (!link || address.link != link->index) continue;
      port.add_addresses(address.address.to_string() + "/" + std::to_string(address.prefix_length));
    }
    for (unsigned worker = 0; worker < std::min(status.queues, appliance.forwarder().workers()); ++worker) {
      port.add_workers(worker);
    }
  }
  return ports;
}

messages::Drops retell_drops(const Appliance& appliance) {
  messages::Drops drops;
  const auto& forwarder = appliance.forwarder();
  for (const auto& verdict : dataplane::kVerdicts) {
    auto& row = *drops.add_rows();
    row.set_verdict(std::string{verdict.name});
    row.set_description(std::string{verdict.description});
    row.set_is_drop(dataplane::is_drop(verdict.verdict));
    std::uint64_t packets = 0, bytes = 0;
    for (unsigned worker = 0; worker < forwarder.workers(); ++worker) {
      packets += forwarder.counters(worker).packets[index(verdict.verdict)].get();
      bytes += forwarder.counters(worker).bytes[index(verdict.verdict)].get();
    }
    row.set_packets(packets);
    row.set_bytes(bytes);
  }
  return drops;
}

messages::RecentDrops retell_recent_drops(const Appliance& appliance, std::optional<dataplane::Verdict> only) {
  messages::RecentDrops drops;
  for (const auto& drop : chosen(appliance.forwarder().recent_drops(), only)) {
    auto& shown = *drops.add_packets();
    retell(drop, shown);
    shown.set_port(appliance.options().ports[drop.packet.port].name);
  }
  return drops;
}

messages::Status retell_status(const Appliance& appliance, std::chrono::duration<double> uptime) {
  messages::Status status;
  const auto& forwarder = appliance.forwarder();
  status.set_version(std::string{kVersion});
  status.set_engine("dpdk");
  status.set_uptime_seconds(uptime.count());
  status.set_snapshot_epoch(forwarder.snapshot().epoch);
  for (unsigned number = 0; number < forwarder.workers(); ++number) {
    const auto& counters = forwarder.counters(number);
    auto& worker = *status.add_workers();
    worker.set_number(number);
    worker.set_flows(counters.flows.get());
    worker.set_flows_max(forwarder.flows_max());
    worker.set_opened(counters.flows_opened.get());
    worker.set_expired(counters.flows_expired.get());
    worker.set_evicted(counters.flows_evicted.get());
    worker.set_turns(counters.turns.get());
    worker.set_busy_turns(counters.busy_turns.get());
  }
  for (const auto& usage : forwarder.snat_usage()) {
    auto& snat = *status.add_snat();
    snat.set_address(usage.address.to_string());
    snat.set_in_use(usage.in_use);
    snat.set_capacity(usage.capacity);
  }
  for (const auto& link : appliance.clusters()) {
    auto& cluster = *status.add_clusters();
    cluster.set_name(link->name());
    cluster.set_server(link->options().access.server);
    cluster.set_synced(link->synced());
    for (const auto& feed : link->cluster().feeds()) {
      auto& shown = *cluster.add_feeds();
      shown.set_resource(feed.resource);
      shown.set_connected(feed.connected);
      shown.set_synced(feed.synced);
      shown.set_sentence(feed.sentence);
    }
    for (const auto& [key, malformed] : link->cluster().state().malformed) {
      auto& shown = *cluster.add_malformed();
      shown.set_resource(malformed.resource);
      shown.set_key(malformed.meta.key());
      shown.set_sentence(malformed.sentence);
    }
  }
  for (const auto& line : forwarder.memory_report()) status.add_memory(line);
  return status;
}

messages::ServiceExplained retell_why(const Appliance& appliance, const PlannedService& service) {
  messages::ServiceExplained explained;
  retell(service, *explained.mutable_service());
  add_fact(explained, "class",
           service.load_balancer_class.empty() ? "none; this cluster's classless Services are ours (claim_classless)"
                                               : service.load_balancer_class + " is one of ours");
  for (const auto& vip : service.vips) {
    add_fact(explained, "address", vip.address.to_string() + " of pool " + vip.pool + ": " + vip.reason);
  }
  if (!service.missing_family.empty()) add_fact(explained, "address", service.missing_family);
  if (!service.problem.empty()) {
    add_fact(explained, "address", "none: " + service.problem);
  }
  add_fact(explained, "delivery", sentence_of(service.delivery));
  if (service.traffic_policy == kube::TrafficPolicy::kLocal) {
    add_fact(explained, "policy", "Local: nodes with usable endpoints, weighted by their number");
  } else {
    add_fact(explained, "policy", "Cluster: every eligible node with the same weight");
  }
  const std::string limits = sentence_of(service.connection_limit);
  if (!limits.empty()) add_fact(explained, "limits", limits);
  if (service.affinity_seconds != 0) {
    add_fact(explained, "affinity",
             "ClientIP: one client, one node, until " + std::to_string(service.affinity_seconds) +
                 " s after its last connection");
  }
  if (service.has_source_ranges) {
    std::string ranges;
    for (const auto& range : service.source_ranges) ranges += (ranges.empty() ? "" : ", ") + range.to_string();
    add_fact(explained, "sources",
             ranges.empty() ? "nobody: the list has no range that can be read" : "only " + ranges);
  }
  for (const auto& port : service.ports) {
    if (!port.is_served()) add_fact(explained, "port", std::to_string(port.port) + ": " + port.problem);
  }
  for (const auto& note : service.notes) add_fact(explained, "note", note);
  const Shares shares = shares_of(appliance, service);
  for (const auto& node : service.nodes) {
    auto& shown = *explained.add_nodes();
    shown.set_node(node.node);
    if (node.address) shown.set_address(node.address->to_string());
    shown.set_state(std::string{to_string(node.state)});
    shown.set_weight(node.weight);
    shown.set_reason(node.reason);
    if (!node.address) continue;
    const auto& ids = appliance.builder().backend_ids().ids();
    const auto id = ids.find({service.cluster, *node.address});
    const auto slots = id == ids.end() ? shares.slots.end() : shares.slots.find(id->second);
    if (slots != shares.slots.end()) shown.set_slots(slots->second);
  }
  return explained;
}

}  // namespace sluice::control
