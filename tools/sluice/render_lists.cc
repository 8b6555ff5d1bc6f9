// What `sluice show` lists: services, backends, flows, ports, drops and the last packets among them.

#include <algorithm>

#include "tools/sluice/render.h"
#include "tools/sluice/table.h"
#include "tools/sluice/text.h"

namespace sluice::cli {
namespace {

constexpr std::size_t kHexDigitsShown = 2 * 54;  // Ethernet, IPv4 and TCP without options.

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string ports_of(const admin::Service& service) {
  std::vector<std::string> ports;
  for (const auto& port : service.ports()) {
    const std::string node_port = port.node_port() == 0 ? "" : ":" + number(port.node_port());
    ports.push_back(number(port.port()) + node_port + "/" + port.protocol());
  }
  return join(ports, ",");
}

// One number when the ports agree, as they nearly always do.
std::string active_of(const admin::Service& service) {
  std::vector<std::string> counts;
  for (const auto& port : service.ports()) counts.push_back(number(port.active_backends()));
  const bool agree = std::adjacent_find(counts.begin(), counts.end(), std::not_equal_to<>{}) == counts.end();
  return agree && !counts.empty() ? counts.front() : join(counts, ",");
}

std::string reason_of(const admin::Service& service) {
  std::vector<std::string> reasons;
  if (!service.reason().empty()) reasons.push_back(service.reason());
  for (const auto& port : service.ports()) {
    if (!port.problem().empty())
      reasons.push_back("port " + number(port.port()) + "/" + port.protocol() + ": " + port.problem());
  }
  return join(reasons, "; ");
}

std::string device_of(const admin::Port& port) {
  return port.vlan_of().empty() ? port.device() : "VLAN " + number(port.vlan_id()) + " of " + port.vlan_of();
}

std::string counters_of(const admin::Ports& ports) {
  Table table{
      {"PORT", ">RX-PACKETS", ">RX-BYTES", ">RX-MISSED", ">RX-ERRORS", ">TX-PACKETS", ">TX-BYTES", ">TX-ERRORS"}};
  for (const auto& port : ports.ports()) {
    table.add({port.name(), number(port.rx_packets()), number(port.rx_bytes()), number(port.rx_missed()),
               number(port.rx_errors()), number(port.tx_packets()), number(port.tx_bytes()), number(port.tx_errors())});
  }
  return table.text();
}

// "tcp 198.51.100.7:40000 → 203.0.113.64:81 [S] ttl 63"; what cannot be read, in hex.
std::string packet_of(const admin::DroppedPacket& packet) {
  if (packet.protocol().empty()) {
    const bool is_cut = packet.bytes().size() > kHexDigitsShown;
    return "bytes " + packet.bytes().substr(0, kHexDigitsShown) + (is_cut ? "…" : "");
  }
  const auto end = [](const std::string& address, std::uint32_t port) {
    return port == 0 ? address : endpoint(address, port);
  };
  std::string text = packet.protocol() + " " + end(packet.source(), packet.source_port()) + " → " +
                     end(packet.destination(), packet.destination_port());
  if (!packet.tcp_flags().empty()) text += " [" + packet.tcp_flags() + "]";
  if (!packet.sctp_chunk().empty()) text += " [" + packet.sctp_chunk() + "]";
  if (packet.is_fragment()) {
    text += " fragment";
  } else if (packet.protocol().starts_with("icmp")) {
    text += " type " + number(packet.icmp_type()) + " code " + number(packet.icmp_code());
  }
  return text + " ttl " + number(packet.ttl());
}

}  // namespace

std::string to_text(const admin::Services& services) {
  std::string warnings;
  for (const auto& warning : services.warnings()) warnings += "warning: " + warning + "\n";
  if (services.services().empty()) return warnings + "no Service is ours\n";
  Table table{{"CLUSTER", "SERVICE", "VIP", "PORTS", ">ACTIVE", "POLICY", "DELIVERY", "POOL", "STATE", "REASON"}};
  for (const auto& service : services.services()) {
    table.add({service.cluster(), service.namespace_() + "/" + service.name(), service.vip(), ports_of(service),
               active_of(service), service.policy(), service.delivery(), service.pool(), service.state(),
               reason_of(service)});
  }
  return warnings + table.text();
}

std::string to_text(const admin::Backends& backends) {
  if (backends.backends().empty()) return "no Service of ours has a node\n";
  Table table{{"CLUSTER", "SERVICE", "NODE", "ADDRESS", "STATE", ">WEIGHT", ">SHARE", "NEXT-HOP", "OUT", "REASON"}};
  for (const auto& backend : backends.backends()) {
    const std::string port = backend.port_name().empty() ? "" : ":" + backend.port_name();
    table.add({backend.cluster(), backend.service() + port, backend.node(), backend.address(), backend.state(),
               number(backend.weight()), percent(backend.slots(), backend.slots_total()), backend.next_hop(),
               backend.out_port(), backend.reason()});
  }
  return table.text();
}

std::string to_text(const admin::Flows& flows) {
  if (flows.flows().empty()) return "no open flow matches\n";
  Table table{{"PROTO", "CLIENT", "VIP", "SNAT", "NODE", "STATE", ">IDLE", "SERVICE", ">WORKER"}};
  for (const auto& flow : flows.flows()) {
    table.add({flow.protocol(), endpoint(flow.client(), flow.client_port()), endpoint(flow.vip(), flow.vip_port()),
               endpoint(flow.snat(), flow.snat_port()), endpoint(flow.node(), flow.node_port()), flow.state(),
               duration(flow.idle_seconds()), flow.service(), number(flow.worker())});
  }
  const std::string more = "there are more: narrow it by --client, --vip, --node or --protocol, or raise --limit\n";
  return table.text() + (flows.truncated() ? more : "");
}

std::string to_text(const admin::Ports& ports) {
  if (ports.ports().empty()) return "sluiced has no ports\n";
  Table table{{"PORT", "LINK", "MAC", ">MTU", "DEVICE", "DRIVER", ">QUEUES", "WORKERS", "TAP", "ADDRESSES"}};
  Table spreading{{"PORT", "TO WORKERS BY", ">HANDED OVER"}};
  Table offloads{{"PORT", "OFFLOADS"}};
  for (const auto& port : ports.ports()) {
    std::vector<std::string> workers;
    for (const auto worker : port.workers()) workers.push_back(number(worker));
    table.add({port.name(), port.link_up() ? "up" : "down", port.mac(), number(port.mtu()), device_of(port),
               port.driver(), number(port.queues()), join(workers, ","), port.tap(),
               join({port.addresses().begin(), port.addresses().end()}, ",")});
    const std::string by = port.why_handed_over().empty() ? "RSS" : "hand-over: " + port.why_handed_over();
    spreading.add({port.name(), port.workers_size() < 2 && port.why_handed_over().empty() ? "-" : by,
                   percent(port.handed_over(), port.rx_packets())});
    offloads.add({port.name(), join({port.offloads().begin(), port.offloads().end()}, ",")});
  }
  return table.text() + "\n" + counters_of(ports) + "\n" + spreading.text() + "\n" + offloads.text();
}

std::string to_text(const admin::Drops& drops, Verdicts verdicts) {
  Table table{{"VERDICT", ">PACKETS", ">BYTES", "MEANING"}};
  for (const auto& row : drops.rows()) {
    const bool is_shown = verdicts == Verdicts::kAll || (row.is_drop() && row.packets() != 0);
    if (is_shown) table.add({row.verdict(), number(row.packets()), number(row.bytes()), row.description()});
  }
  return table.empty() ? "no packet was dropped\n" : table.text();
}

std::string to_text(const admin::RecentDrops& drops) {
  Table table{{"VERDICT", "INSTEAD-OF", ">AGO", ">WORKER", "PORT", ">LENGTH", "PACKET"}};
  for (const auto& packet : drops.packets()) {
    table.add({packet.verdict(), packet.instead_of(), duration(packet.age_seconds()), number(packet.worker()),
               packet.port(), number(packet.length()), packet_of(packet)});
  }
  return table.empty() ? "no such packet was dropped\n" : table.text();
}

}  // namespace sluice::cli
