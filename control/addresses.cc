#include "control/addresses.h"

#include <algorithm>
#include <vector>

#include "control/ipam/allocator.h"

namespace sluice::control {
namespace {

using Stage = PlannedService::Stage;

std::optional<net::IpAddress> status_address(const kube::Service& service, IpFamily family) {
  for (const auto& ingress : service.status.ingress) {
    const auto address = net::IpAddress::parse(ingress.ip);
    if (address && family_of(*address) == family) return *address;
  }
  return std::nullopt;
}

// spec.loadBalancerIP, which is of one of the families.
base::Result<net::IpAddress> wanted_address(const kube::Service& service) {
  const auto wanted = net::IpAddress::parse(service.load_balancer_ip);
  if (!wanted) return base::fail("spec.loadBalancerIP: " + wanted.message());
  const auto& families = service.ip_families;
  if (std::ranges::find(families, family_of(*wanted)) != families.end()) return *wanted;
  return base::fail("spec.loadBalancerIP: " + wanted->to_string() + " is an " +
                    std::string{to_string(family_of(*wanted))} + " address, and ipFamilies has no such family");
}

// What a Service asks of the pools, family by family, or the sentence that says why nothing can be asked for it. One
// that holds an address already keeps it, whatever it asks for now.
base::Result<std::vector<ipam::Request>> requests_of(const AddressSources& sources, const kube::Service& service,
                                                     const ipam::LedgerBook& book, PlannedService& planned) {
  std::optional<net::IpAddress> wanted;
  if (!service.load_balancer_ip.empty()) {
    if (const auto read = wanted_address(service)) {
      wanted = *read;
    } else if (book.holds_any(planned.ledger_name())) {
      planned.notes.push_back(read.message());
    } else {
      return base::fail(read.message());
    }
  }
  const auto pool = service.meta.annotations.find(std::string{kPoolAnnotation});
  std::vector<ipam::Request> requests;
  for (const IpFamily family : service.ip_families) {
    ipam::Request request{.service = planned.ledger_name(), .family = family, .uid = service.meta.uid};
    if (wanted && family_of(*wanted) == family) request.wanted = wanted;
    if (pool != service.meta.annotations.end()) request.wanted_pool = pool->second;
    request.status_address = status_address(service, family);
    request.no_new = sources.no_new;
    requests.push_back(std::move(request));
  }
  return requests;
}

bool is_published(const kube::Service& service, const net::IpAddress& vip) {
  return std::ranges::any_of(service.status.ingress,
                             [&](const auto& ingress) { return ingress.ip == vip.to_string(); });
}

// What the ledger holds and the status says was ours to serve before.
bool was_served(const AddressSources& sources, const kube::Service& service, const PlannedService& planned) {
  return std::ranges::any_of(planned.vips, [&](const PlannedVip& vip) {
    const auto* held = sources.durable.find_by_vip(vip.address);
    return held != nullptr && planned.is_holder_of(*held) && is_published(service, vip.address);
  });
}

// All families of a Service were tried: `refusal` says why one or both got nothing, if so.
//
// Our finalizer comes first (U2). One that somebody took away later is written again, and its Service served meanwhile:
// connections must not pay for it.
void settle(const AddressSources& sources, const kube::Service& service, const std::string& refusal,
            PlannedService& planned) {
  if (planned.vips.empty()) {
    planned.problem = refusal;
    return;
  }
  planned.is_published =
      std::ranges::any_of(planned.vips, [&](const auto& vip) { return control::is_published(service, vip.address); });
  if (!refusal.empty() && service.ip_family_policy == kube::IpFamilyPolicy::kRequireDualStack) {
    const std::string sentence = "ipFamilyPolicy RequireDualStack: " + refusal;
    if (!planned.is_published) {
      planned.vips.clear();  // The ledger keeps it for the day when the other one can be given, too.
      planned.problem = sentence;
      return;
    }
    planned.missing_family = sentence;
  } else if (!refusal.empty()) {
    planned.notes.push_back("only " + planned.vips_text() + " is served: " + refusal);
  }
  const bool may_be_served = was_served(sources, service, planned) || service.meta.has_finalizer(kube::kOwnFinalizer);
  planned.stage = may_be_served ? Stage::kServed : Stage::kReserved;
}

struct Asking {
  PlannedService* planned;
  const kube::Service* service;
  std::size_t count;  // Of its requests.
};

}  // namespace

void assign_addresses(const AddressSources& sources, const ObservedServices& observed, Plan& plan) {
  std::vector<ipam::Request> requests;
  std::vector<Asking> asking;
  for (auto& planned : plan.services) {
    const kube::Service& service = *observed.at(planned.cluster + "/" + planned.key());
    const auto wishes = requests_of(sources, service, plan.book, planned);
    if (!wishes) {
      planned.problem = wishes.message();
      continue;
    }
    requests.insert(requests.end(), wishes->begin(), wishes->end());
    asking.push_back({&planned, &service, wishes->size()});
  }
  auto assigned = ipam::assign(sources.pools, std::move(plan.book), requests, sources.now);
  plan.book = std::move(assigned.book);
  auto result = assigned.results.begin();
  for (const Asking& one : asking) {
    std::string refusal;
    for (std::size_t i = 0; i < one.count; ++i, ++result) {
      if (!*result) {
        if (refusal != result->message()) refusal += (refusal.empty() ? "" : "; ") + result->message();
        continue;
      }
      const ipam::Allocation& given = **result;
      one.planned->vips.push_back(
          {.address = given.vip, .pool = given.pool, .reason = std::string{to_string(given.reason)}});
      if (!given.note.empty()) one.planned->notes.push_back(given.note);
    }
    settle(sources, *one.service, refusal, *one.planned);
  }
}

}  // namespace sluice::control
