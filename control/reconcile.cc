#include "control/reconcile.h"

#include <algorithm>
#include <map>

#include "control/backends.h"
#include "control/ipam/allocator.h"

namespace sluice::control {
namespace {

using Stage = PlannedService::Stage;

bool is_ours(const ClusterInput& cluster, const kube::Service& service) {
  if (service.type != kube::ServiceType::kLoadBalancer || service.meta.is_deleting()) return false;
  if (!service.load_balancer_class) return cluster.claim_classless;
  return std::ranges::find(cluster.load_balancer_classes, *service.load_balancer_class) !=
         cluster.load_balancer_classes.end();
}

ipam::ServiceName ledger_name(const PlannedService& service) {
  return {service.cluster, service.meta.name_space, service.meta.name};
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

// spec.loadBalancerSourceRanges counts, else the annotation (KUBERNETES.md P8). A list without an entry for IPv4 closes
// the IPv4 address: it does not open it.
void read_source_ranges(const kube::Service& service, PlannedService& planned) {
  std::vector<std::string> texts = service.source_ranges;
  const auto annotation = service.meta.annotations.find(std::string{kSourceRangesAnnotation});
  if (texts.empty() && annotation != service.meta.annotations.end()) {
    std::string_view rest = annotation->second;
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      texts.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  for (auto& text : texts) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\t'; });
    if (text.empty()) continue;
    planned.has_source_ranges = true;
    if (text.find(':') != std::string::npos) continue;  // IPv6: cannot match an IPv4 client.
    if (const auto prefix = net::Ipv4Prefix::parse(text)) {
      planned.source_ranges.push_back(*prefix);
    } else {
      planned.notes.push_back("source range ignored: " + prefix.message());
    }
  }
  if (planned.has_source_ranges && planned.source_ranges.empty()) {
    planned.notes.push_back("no source range is an IPv4 one, so nobody may use the IPv4 address");
  }
}

PlannedService plan_ours(const ClusterInput& cluster, const kube::Service& service) {
  PlannedService planned{.cluster = cluster.name,
                         .meta = service.meta,
                         .load_balancer_class = service.load_balancer_class.value_or(""),
                         .traffic_policy = service.external_traffic_policy,
                         .client_ip_affinity = service.client_ip_affinity.has_value()};
  planned.meta.resource_version.clear();
  for (const auto& port : service.ports) planned.ports.push_back(plan_port(port));
  read_source_ranges(service, planned);
  choose_backends(*cluster.state, service, cluster.probes, planned);
  return planned;
}

// What a Service asks of the pools, or the sentence that says why nothing can be asked for it. One that holds an
// address already keeps it, whatever it asks for now.
base::Result<ipam::Request> address_request(const kube::Service& service, const ipam::LedgerBook& book,
                                            PlannedService& planned) {
  ipam::Request request{.service = ledger_name(planned), .uid = service.meta.uid};
  const auto& families = service.ip_families;
  if (std::ranges::find(families, kube::IpFamily::kIpv6) != families.end()) {
    if (families.size() == 1) return base::fail("IPv6 is not supported yet, and ipFamilies names nothing else");
    planned.notes.push_back("IPv6 is not supported yet: only the IPv4 side of ipFamilies is served");
  }
  if (!service.load_balancer_ip.empty()) {
    if (const auto wanted = net::IpAddress::parse(service.load_balancer_ip)) {
      request.wanted = *wanted;
    } else {
      const std::string sentence = "spec.loadBalancerIP: " + wanted.message();
      if (book.find_by_service(request.service) == nullptr) return base::fail(sentence);
      planned.notes.push_back(sentence);
    }
  }
  const auto pool = service.meta.annotations.find(std::string{kPoolAnnotation});
  if (pool != service.meta.annotations.end()) request.wanted_pool = pool->second;
  for (const auto& ingress : service.status.ingress) {
    if (const auto address = net::IpAddress::parse(ingress.ip); address && address->is_v4()) {
      request.status_address = *address;
      break;
    }
  }
  return request;
}

// A Service that is there but cannot be read, in any of its versions so far.
bool is_unreadable(const kube::ClusterState& state, const ipam::ServiceName& name) {
  const std::string key = name.name_space + "/" + name.name;
  return state.malformed.contains("services " + key) && !state.services.contains(key);
}

// Releases what no Service of ours holds any more: deleted, changed, or re-created under the same name (U5, D6).
void release_absent(const std::vector<PlannedService>& ours, ipam::LedgerBook& book, std::int64_t now,
                    const std::map<std::string, const kube::ClusterState*>& clusters) {
  std::map<ipam::ServiceName, std::string> uids;
  for (const auto& service : ours) uids[ledger_name(service)] = service.meta.uid;
  std::vector<ipam::ServiceName> gone;
  for (const auto& [name, entry] : book.held()) {
    const auto cluster = clusters.find(name.cluster);
    if (cluster == clusters.end()) continue;  // Of a cluster that left the configuration: it may come back.
    if (is_unreadable(*cluster->second, name)) continue;
    const auto holder = uids.find(name);
    const bool is_same = holder != uids.end() && (entry.uid.empty() || entry.uid == holder->second);
    if (!is_same) gone.push_back(name);
  }
  for (const auto& name : gone) book.release(name, now);
}

// Our finalizer comes first (U2). One that somebody took away later is written again, and its Service served meanwhile:
// connections must not pay for it. What the ledger holds and the status says was ours to serve before.
bool may_be_served(const ReconcileInput& input, const kube::Service& service, const PlannedService& planned) {
  if (service.meta.has_finalizer(kube::kOwnFinalizer)) return true;
  const ipam::LedgerEntry* held = input.book.find_by_service(ledger_name(planned));
  if (held == nullptr || held->vip != net::IpAddress{*planned.vip} || held->uid != service.meta.uid) return false;
  return std::ranges::any_of(service.status.ingress,
                             [&](const auto& ingress) { return ingress.ip == planned.vip->to_string(); });
}

void assign_addresses(const ReconcileInput& input, const std::map<std::string, const kube::Service*>& observed,
                      Plan& plan) {
  std::vector<ipam::Request> requests;
  std::vector<PlannedService*> asking;
  for (auto& planned : plan.services) {
    auto request = address_request(*observed.at(planned.cluster + "/" + planned.key()), plan.book, planned);
    if (!request) {
      planned.problem = request.message();
      continue;
    }
    requests.push_back(std::move(*request));
    asking.push_back(&planned);
  }
  auto assigned = ipam::assign(input.pools, std::move(plan.book), requests, input.now);
  plan.book = std::move(assigned.book);
  for (std::size_t i = 0; i < asking.size(); ++i) {
    PlannedService& planned = *asking[i];
    const auto& result = assigned.results[i];
    if (!result) {
      planned.problem = result.message();
      continue;
    }
    planned.vip = result->vip.v4();
    planned.pool = result->pool;
    planned.address_reason = to_string(result->reason);
    if (!result->note.empty()) planned.notes.push_back(result->note);
    const kube::Service& service = *observed.at(planned.cluster + "/" + planned.key());
    planned.stage = may_be_served(input, service, planned) ? Stage::kServed : Stage::kReserved;
  }
}

}  // namespace

void keep_to(const ipam::LedgerBook& durable, const std::string& why, Plan& plan) {
  plan.book = durable;
  std::erase_if(plan.services, [](const PlannedService& service) { return service.stage == Stage::kReleasing; });
  for (auto& service : plan.services) {
    if (!service.vip) continue;
    const ipam::LedgerEntry* held = durable.find_by_service(ledger_name(service));
    if (held != nullptr && held->vip == net::IpAddress{*service.vip} && held->uid == service.meta.uid) continue;
    service.vip.reset();
    service.stage = Stage::kPending;
    service.problem = why;
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
  std::map<std::string, const kube::Service*> observed;
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
  assign_addresses(input, observed, plan);
  std::ranges::move(releasing, std::back_inserter(plan.services));
  std::ranges::sort(plan.services, {}, [](const PlannedService& service) {
    return std::pair{service.cluster, service.key()};
  });
  return plan;
}

}  // namespace sluice::control
