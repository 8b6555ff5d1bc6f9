#pragma once
// The addresses of planned Services: from their wishes to VIPs, one for each family. Pure.
//
// A Service gets what it can. One that must have both families (RequireDualStack) and cannot have them waits, unless it
// is published already: then it goes on with what it has. One that merely prefers both is told what is missing.

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "control/ipam/pool.h"
#include "control/kube/objects.h"
#include "control/plan.h"

namespace sluice::control {

inline constexpr std::string_view kPoolAnnotation = "sluice.dev/pool";

using ObservedServices = std::map<std::string, const kube::Service*>;  // By CLUSTER/NAMESPACE/NAME.

struct AddressSources {
  std::span<const ipam::Pool> pools;
  const ipam::LedgerBook& durable;  // The record as it was before this plan.
  std::string no_new;               // Why only addresses that were given before may be given; empty: any may.
  std::int64_t now = 0;             // Unix time, for the ledger.
};

// Gives addresses to the plan's Services, those first that stand first, and enters them in its book. Says for each
// whether it is served, waits for its finalizer, or waits for an address.
void assign_addresses(const AddressSources& sources, const ObservedServices& observed, Plan& plan);

}  // namespace sluice::control
