#include "control/reconcile.h"

#include <algorithm>
#include <map>

#include "control/addresses.h"
#include "control/backends.h"

namespace sluice::control {
namespace {

using Stage = PlannedService::Stage;

bool is_ours(const ClusterInput& cluster, const kube::Service& service) {
  if (service.type != kube::ServiceType::kLoadBalancer || service.meta.is_deleting()) return false;
  if (!service.load_balancer_class) return cluster.claim_classless;
  return std::ranges::find(cluster.load_balancer_classes, *service.load_balancer_class) !=
         cluster.load_balancer_classes.end();
}

PlannedPort plan_port(const kube::ServicePort& port) {
  PlannedPort planned{.name = port.name, .protocol = port.protocol, .port = port.port, .node_port = port.node_port};
  if (port.protocol == kube::Protocol::kSctp) {
    planned.error = "sluice.dev/ProtocolNotSupported";
    planned.problem = "SCTP is not supported yet";
  } else if (port.node_port == 0) {
    planned.error = "sluice.dev/NoNodePort";
    planned.problem =
        "no node port is allocated, and delivery full-nat sends to node ports "
        "(allocateLoadBalancerNodePorts must not be false)";
  }
  return planned;
}

std::vector<std::string> source_range_texts(const kube::Service& service) {
  std::vector<std::string> texts = service.source_ranges;
  const auto annotation = service.meta.annotations.find(std::string{kSourceRangesAnnotation});
  if (!texts.empty() || annotation == service.meta.annotations.end()) return texts;
  std::string_view rest = annotation->second;
  while (!rest.empty()) {
    const auto comma = std::min(rest.find(','), rest.size());
    texts.emplace_back(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return texts;
}

// spec.loadBalancerSourceRanges counts, else the annotation (KUBERNETES.md P8). A list without an entry for a family
// closes the address of that family: it does not open it.
void read_source_ranges(const kube::Service& service, PlannedService& planned) {
  for (auto& text : source_range_texts(service)) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\t'; });
    if (text.empty()) continue;
    planned.has_source_ranges = true;
    if (const auto prefix = net::IpPrefix::parse(text)) {
      planned.source_ranges.push_back(*prefix);
    } else {
      planned.notes.push_back("source range ignored: " + prefix.message());
    }
  }
  for (const IpFamily family : planned.families) {
    const auto is_of_family = [&](const net::IpPrefix& prefix) { return family_of(prefix) == family; };
    if (!planned.has_source_ranges || std::ranges::any_of(planned.source_ranges, is_of_family)) continue;
    const std::string name{to_string(family)};
    planned.notes.push_back("no source range is an " + name + " one, so nobody may use the " + name + " address");
  }
}

PlannedService plan_ours(const ClusterInput& cluster, const kube::Service& service) {
  PlannedService planned{.cluster = cluster.name,
                         .meta = service.meta,
                         .load_balancer_class = service.load_balancer_class.value_or(""),
                         .families = service.ip_families,
                         .traffic_policy = service.external_traffic_policy,
                         .client_ip_affinity = service.client_ip_affinity.has_value()};
  planned.meta.resource_version.clear();
  for (const auto& port : service.ports) planned.ports.push_back(plan_port(port));
  read_source_ranges(service, planned);
  choose_backends(*cluster.state, service, cluster.probes, planned);
  return planned;
}

// A Service that is there but cannot be read, in any of its versions so far.
bool is_unreadable(const kube::ClusterState& state, const ipam::ServiceName& name) {
  const std::string key = name.name_space + "/" + name.name;
  return state.malformed.contains("services " + key) && !state.services.contains(key);
}

// Releases what no Service of ours holds any more: deleted, changed, or re-created under the same name (U5, D6).
void release_absent(const std::vector<PlannedService>& ours, ipam::LedgerBook& book, std::int64_t now,
                    const std::map<std::string, const kube::ClusterState*>& clusters) {
  std::map<ipam::Holder, std::string> uids;
  for (const auto& service : ours) {
    for (const IpFamily family : service.families) uids[{service.ledger_name(), family}] = service.meta.uid;
  }
  std::vector<ipam::Holder> gone;
  for (const auto& [holder, entry] : book.held()) {
    const auto cluster = clusters.find(holder.service.cluster);
    if (cluster == clusters.end()) continue;  // Of a cluster that left the configuration: it may come back.
    if (is_unreadable(*cluster->second, holder.service)) continue;
    const auto uid = uids.find(holder);
    const bool is_same = uid != uids.end() && (entry.uid.empty() || entry.uid == uid->second);
    if (!is_same) gone.push_back(holder);
  }
  for (const auto& holder : gone) book.release(holder, now);
}

}  // namespace

void keep_to(const ipam::LedgerBook& durable, const std::string& why, Plan& plan) {
  plan.book = durable;
  std::erase_if(plan.services, [](const PlannedService& service) { return service.stage == Stage::kReleasing; });
  for (auto& service : plan.services) {
    const auto is_durable = [&](const PlannedVip& vip) {
      const auto* held = durable.find_by_vip(vip.address);
      return held != nullptr && held->service == service.ledger_name() && held->uid == service.meta.uid;
    };
    if (std::ranges::all_of(service.vips, is_durable)) continue;
    std::erase_if(service.vips, [&](const PlannedVip& vip) { return !is_durable(vip); });
    if (service.vips.empty()) {
      service.stage = Stage::kPending;
      service.problem = why;
    } else {
      service.missing_family = why;
    }
  }
}

std::string why_not_ours(const ClusterInput& cluster, const kube::Service& service) {
  if (service.type != kube::ServiceType::kLoadBalancer)
    return "its type is " + std::string{kube::to_string(service.type)};
  if (service.meta.is_deleting()) return "it is being deleted";
  if (!service.load_balancer_class)
    return "it has no loadBalancerClass, and claim_classless is not set for " + cluster.name;
  return "its loadBalancerClass " + *service.load_balancer_class + " is none of those of " + cluster.name;
}

Plan reconcile(const ReconcileInput& input) {
  Plan plan{.book = input.book};
  ObservedServices observed;
  std::vector<PlannedService> releasing;
  std::map<std::string, const kube::ClusterState*> clusters;
  for (const auto& cluster : input.clusters) {
    clusters[cluster.name] = cluster.state;
    for (const auto& [key, service] : cluster.state->services) {
      observed[cluster.name + "/" + key] = &service;
      if (is_ours(cluster, service)) {
        plan.services.push_back(plan_ours(cluster, service));
      } else if (service.meta.has_finalizer(kube::kOwnFinalizer)) {
        releasing.push_back({.cluster = cluster.name, .meta = service.meta, .stage = Stage::kReleasing});
        releasing.back().meta.resource_version.clear();
      }
    }
  }
  release_absent(plan.services, plan.book, input.now, clusters);
  // In order of age: what was asked for first gets its address first, whatever it is called.
  std::ranges::stable_sort(plan.services, {},
                           [](const PlannedService& service) { return service.meta.creation_timestamp; });
  assign_addresses({.pools = input.pools, .durable = input.book, .now = input.now}, observed, plan);
  std::ranges::move(releasing, std::back_inserter(plan.services));
  std::ranges::sort(plan.services, {}, [](const PlannedService& service) {
    return std::pair{service.cluster, service.key()};
  });
  return plan;
}

}  // namespace sluice::control
