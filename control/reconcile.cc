#include "control/reconcile.h"

#include <algorithm>
#include <map>
#include <set>

#include "control/addresses.h"
#include "control/backends.h"
#include "control/connection_limit.h"
#include "control/delivery.h"
#include "control/ownership.h"

namespace sluice::control {
namespace {

using Stage = PlannedService::Stage;

PlannedPort plan_port(const kube::ServicePort& port) {
  return {.name = port.name, .protocol = port.protocol, .port = port.port, .node_port = port.node_port};
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
                         .affinity_seconds = static_cast<std::uint32_t>(
                             service.client_ip_affinity.value_or(std::chrono::seconds{0}).count())};
  planned.meta.resource_version.clear();
  for (const auto& port : service.ports) planned.ports.push_back(plan_port(port));
  read_source_ranges(service, planned);
  read_connection_limit(service, planned);
  return planned;
}

std::string doubled_sentence(const std::string& owner, const std::string& other) {
  return "clusters " + owner + " and " + other + " are the same one, or copies: both claim Services of the same uid. " +
         owner + " has them; take " + other + " out of the configuration, or give it other classes";
}

// What the user should know of the clusters themselves.
std::vector<std::string> warnings_of(std::span<const ClusterInput> clusters, const std::set<std::string>& doubled,
                                     const ipam::LedgerBook& book) {
  std::vector<std::string> warnings;
  std::map<std::string, std::size_t> held;  // By clusters that are not configured.
  for (const auto& [holder, entry] : book.held()) ++held[holder.service.cluster];
  for (const auto& cluster : clusters) {
    held.erase(cluster.name);
    if (cluster.state->synced) continue;
    warnings.push_back("cluster " + cluster.name +
                       " was not read yet: its Services keep their addresses, but are not served" +
                       (book.knows(cluster.name) ? "" : "; no Service of any cluster gets a new address before"));
  }
  for (const auto& [name, count] : held) {
    warnings.push_back("cluster " + name + " is not in the configuration (any more), and its Services hold " +
                       std::to_string(count) + (count == 1 ? " address" : " addresses") + ": see FILES in sluiced(8)");
  }
  warnings.insert(warnings.end(), doubled.begin(), doubled.end());
  return warnings;
}

// Why no address may be given that was not given before; empty if it may. The Services of a cluster that was never read
// may hold any address, unless the ledger has them.
std::string why_no_new_address(std::span<const ClusterInput> clusters, const ipam::LedgerBook& book) {
  for (const auto& cluster : clusters) {
    if (cluster.state->synced || book.knows(cluster.name)) continue;
    return "no new address is given before cluster " + cluster.name +
           " was read for the first time, since its Services may hold addresses of these pools";
  }
  return {};
}

}  // namespace

bool is_ours(const ClusterInput& cluster, const kube::Service& service) {
  if (service.type != kube::ServiceType::kLoadBalancer || service.meta.is_deleting()) return false;
  if (!service.load_balancer_class) return cluster.claim_classless;
  return std::ranges::find(cluster.load_balancer_classes, *service.load_balancer_class) !=
         cluster.load_balancer_classes.end();
}

void keep_to(const ipam::LedgerBook& durable, const std::string& why, Plan& plan) {
  plan.book = durable;
  std::erase_if(plan.services, [](const PlannedService& service) { return service.stage == Stage::kReleasing; });
  for (auto& service : plan.services) {
    const auto is_durable = [&](const PlannedVip& vip) {
      const auto* held = durable.find_by_vip(vip.address);
      return held != nullptr && service.is_holder_of(*held);
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
  if (is_ours(cluster, service))
    return cluster.name + " is one of two names for the same cluster, and it is the other's";
  if (!service.load_balancer_class)
    return "it has no loadBalancerClass, and claim_classless is not set for " + cluster.name;
  return "its loadBalancerClass " + *service.load_balancer_class + " is none of those of " + cluster.name;
}

Plan reconcile(const ReconcileInput& input) {
  Plan plan{.book = input.book};
  ObservedServices observed;
  std::vector<PlannedService> releasing;
  std::set<std::string> doubled;
  const Owners owners = owners_of(input.clusters, plan.book);
  for (const auto& cluster : input.clusters) {
    if (!cluster.state->synced) continue;
    plan.book.know(cluster.name);
    for (const auto& [key, service] : cluster.state->services) {
      const auto owner = owners.find(service.meta.uid);
      if (owner != owners.end() && owner->second != cluster.name) {
        if (is_ours(cluster, service)) doubled.insert(doubled_sentence(owner->second, cluster.name));
        continue;
      }
      observed[cluster.name + "/" + key] = &service;
      if (is_ours(cluster, service)) {
        plan.services.push_back(plan_ours(cluster, service));
      } else if (service.meta.has_finalizer(kube::kOwnFinalizer)) {
        releasing.push_back({.cluster = cluster.name, .meta = service.meta, .stage = Stage::kReleasing});
        releasing.back().meta.resource_version.clear();
      }
    }
  }
  follow_owners(owners, input.now, plan.book);
  release_absent(input.clusters, plan.services, input.now, plan.book);
  // In order of age: what was asked for first gets its address first, whatever it is called.
  std::ranges::stable_sort(plan.services, {},
                           [](const PlannedService& service) { return service.meta.creation_timestamp; });
  assign_addresses({.pools = input.pools,
                    .durable = input.book,
                    .no_new = why_no_new_address(input.clusters, plan.book),
                    .now = input.now},
                   observed, plan);
  for (auto& planned : plan.services) {
    const ClusterInput& cluster = *std::ranges::find(input.clusters, planned.cluster, &ClusterInput::name);
    const kube::Service& service = *observed.at(planned.cluster + "/" + planned.key());
    choose_delivery(input.pools, service, planned);
    choose_backends(*cluster.state, service, cluster.probes, planned);
  }
  std::ranges::move(releasing, std::back_inserter(plan.services));
  std::ranges::sort(plan.services, {}, [](const PlannedService& service) {
    return std::pair{service.cluster, service.key()};
  });
  plan.warnings = warnings_of(input.clusters, doubled, plan.book);
  return plan;
}

}  // namespace sluice::control
