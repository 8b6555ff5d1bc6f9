#include "control/explain.h"

#include <algorithm>
#include <utility>

#include "control/connection_limit.h"
#include "dataplane/open_flow.h"
#include "dataplane/refuse.h"
#include "net/endpoint.h"

namespace sluice::control {
namespace {

using dataplane::Verdict;

std::string describe(const dataplane::NextHop& hop, const std::vector<std::string>& port_names) {
  const std::string port = hop.port < port_names.size() ? port_names[hop.port] : "?";
  switch (hop.kind) {
    case dataplane::NextHop::Kind::kResolved: return "to " + hop.destination.to_string() + " by port " + port;
    case dataplane::NextHop::Kind::kOnLink: return "on the link of port " + port + ", to the MAC address it sends from";
    case dataplane::NextHop::Kind::kUnresolved: return "by port " + port + ", MAC address not resolved yet";
  }
  return {};
}

template <typename Family>
class Teller {
 public:
  Teller(const dataplane::Snapshot& snapshot, const net::FlowKey<Family>& key,
         const std::vector<std::string>& port_names, const RememberedClients& remembered)
      : all_{snapshot}, snapshot_{snapshot.of<Family>()}, key_{key}, port_names_{port_names}, remembered_{remembered} {}

  ExplainedFlow tell() {
    told_.verdict = find_service();
    if (told_.verdict == Verdict::kContinue) told_.verdict = choose_node();
    if (told_.verdict == Verdict::kContinue) told_.verdict = find_ways();
    if (told_.verdict == Verdict::kContinue) told_.verdict = find_source();
    refuse();
    return std::move(told_);
  }

 private:
  void say(std::string step, std::string sentence) { told_.steps.push_back({std::move(step), std::move(sentence)}); }

  Verdict find_service() {
    const auto id = snapshot_.services.find(key_.destination, key_.destination_port, key_.protocol);
    const std::string address = key_.destination.to_string();
    const std::string target = net::to_string(key_.protocol) + " " + net::with_port(address, key_.destination_port);
    if (id == lb::kNoService) return judge_unknown(address, target);
    told_.service = id;
    say("classify", target + " is service port " + std::to_string(id));
    return Verdict::kContinue;
  }

  Verdict judge_unknown(const std::string& address, const std::string& target) {
    if (snapshot_.services.has_vip(key_.destination)) {
      say("classify", address + " is a VIP, but no Service has " + target);
      return Verdict::kDropNoService;
    }
    const auto& answered = snapshot_.answered_addresses;
    if (std::ranges::binary_search(answered, key_.destination)) {
      say("classify", address + " is a SNAT address: there is nothing but answers to open flows");
      return Verdict::kDropStray;
    }
    say("classify", address + " is no VIP of ours: the packet is the kernel's");
    return Verdict::kToKernel;
  }

  Verdict choose_node() {
    const auto& service = snapshot_.service_ports[*told_.service];
    if (dataplane::is_forged(snapshot_, key_.source)) {
      say("admit", key_.source.to_string() + " is an address of our own: no client has it");
      return Verdict::kDropBadHeader;
    }
    if (service.source_ranges != nullptr) {
      const bool admitted = dataplane::admits(service, key_.source);
      say("admit",
          key_.source.to_string() + (admitted ? " is" : " is not") + " in the Service's loadBalancerSourceRanges");
      if (!admitted) return Verdict::kDropSourceRange;
    }
    const std::string limits = sentence_of(service.limit);
    if (!limits.empty()) say("admit", limits + "; what is more is dropped");
    told_.node_port = service.target_port();
    told_.slots = service.table->slots();
    if (service.table->empty()) {
      say("steer", "the Service has no usable node");
      return Verdict::kDropNoBackend;
    }
    told_.slot = service.table->slot_of(dataplane::choice_hash(service, key_));
    const auto last = dataplane::remembered_node(service, key_.source, remembered_.table, remembered_.now);
    backend_ = &snapshot_.backends[last != lb::kNoBackend ? last : service.table->id_at(told_.slot)];
    const auto& backend = *backend_;
    told_.node = backend.address;
    say("steer", (last != lb::kNoBackend ? "the client's last connection, less than " +
                                               std::to_string(service.affinity_seconds) + " s ago, went to node "
                                         : by_slot(service)) +
                     backend.address.to_string() +
                     (lb::needs_node_port(service.delivery) ? ", node port " + std::to_string(service.node_port.host())
                                                            : std::string{", which serves the VIP itself"}));
    if (backend.state != lb::BackendState::kDown) return Verdict::kContinue;
    say("steer", "but the node is down");
    return Verdict::kDropNoBackend;
  }

  std::string by_slot(const dataplane::ServicePort<Family>& service) const {
    return "slot " + std::to_string(told_.slot) + " of " + std::to_string(told_.slots) +
           (service.affinity_seconds != 0 ? " (by client address alone: sessionAffinity ClientIP)" : "") + " is node ";
  }

  Verdict find_ways() {
    const auto to_node = judge_way_to_node();
    const auto to_client = judge_way("the client", snapshot_.routes.find(key_.source));
    return to_node != Verdict::kContinue ? to_node : to_client;
  }

  Verdict judge_way_to_node() {
    const bool is_dsr = snapshot_.service_ports[*told_.service].delivery == lb::Delivery::kDsr;
    const Verdict way = judge_way("the node", backend_->next_hop);
    if (!is_dsr || backend_->is_neighbour || way == Verdict::kDropNoRoute) return way;
    say("rewrite", "but that is a router, and delivery dsr reaches nodes on our own wires only");
    return Verdict::kDropNotNeighbour;
  }

  Verdict judge_way(const std::string& whose, std::uint16_t index) {
    if (index == dataplane::kNoRoute) {
      say("rewrite", "the kernel has no route to " + whose + " through one of our ports");
      return Verdict::kDropNoRoute;
    }
    const auto& hop = all_.next_hops[index];
    say("rewrite", "way to " + whose + ": " + describe(hop, port_names_));
    return hop.kind == dataplane::NextHop::Kind::kUnresolved ? Verdict::kDropUnresolved : Verdict::kContinue;
  }

  // Which SNAT address and port it is hangs on a secret, and on the flows that are open then.
  Verdict find_source() {
    const auto& service = snapshot_.service_ports[*told_.service];
    const auto delivery = dataplane::delivery_of(all_, service, *backend_, snapshot_.routes.find(key_.source));
    if (lb::keeps_client(delivery)) {
      say("rewrite", delivery == lb::Delivery::kDsr ? "source and destination stay as they are (delivery dsr)"
                                                    : "source: the client's own (delivery dnat)");
      return Verdict::kToNode;
    }
    if (service.delivery != delivery) say("steer", "the client is beside the node: full-nat brings the answer back");
    std::string addresses;
    for (const auto& address : snapshot_.snat_addresses) {
      told_.snat.emplace_back(address);
      addresses += (addresses.empty() ? "" : ", ") + address.to_string();
    }
    if (told_.snat.empty()) {
      say("steer", "there is no SNAT address of " + std::string{Family::kName});
      return Verdict::kDropSnatExhausted;
    }
    say("rewrite", "source: " + std::string{told_.snat.size() == 1 ? "" : "one of "} + addresses +
                       ", with a port that is chosen when the flow opens");
    return Verdict::kToNode;
  }

  void refuse() {
    const Verdict refusal = dataplane::refusal_of(told_.verdict, key_, net::kTcpSyn);
    if (refusal == told_.verdict) return;
    const std::string gets = refusal == Verdict::kReplyReset   ? "a TCP reset"
                             : refusal == Verdict::kReplyAbort ? "an SCTP ABORT"
                                                               : "ICMP port unreachable";
    say("refuse", "the client gets " + gets + ", or nothing while there are more than " +
                      std::to_string(dataplane::kRefusalsASecond) + " of these a second on a worker");
    told_.instead_of = std::exchange(told_.verdict, refusal);
  }

  const dataplane::Snapshot& all_;
  const dataplane::FamilySnapshot<Family>& snapshot_;
  const net::FlowKey<Family>& key_;
  const std::vector<std::string>& port_names_;
  const RememberedClients& remembered_;
  const dataplane::Backend<Family>* backend_ = nullptr;  // The chosen one.
  ExplainedFlow told_;
};

}  // namespace

template <typename Family>
ExplainedFlow explain_flow(const dataplane::Snapshot& snapshot, const net::FlowKey<Family>& key,
                           const std::vector<std::string>& port_names, const RememberedClients& remembered) {
  return Teller<Family>{snapshot, key, port_names, remembered}.tell();
}

template ExplainedFlow explain_flow(const dataplane::Snapshot& snapshot, const net::FlowKey4& key,
                                    const std::vector<std::string>& port_names, const RememberedClients& remembered);
template ExplainedFlow explain_flow(const dataplane::Snapshot& snapshot, const net::FlowKey6& key,
                                    const std::vector<std::string>& port_names, const RememberedClients& remembered);

}  // namespace sluice::control
