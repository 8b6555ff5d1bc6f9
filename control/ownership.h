#pragma once
// Which configured cluster a Service belongs to, and what of the ledger is whose. Pure.
//
// A Service is known by its uid, a cluster only by the name that the configuration gives it. So a cluster may get
// another name, or by mistake stand there twice: each Service has one owner all the same, and its address follows it.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "control/reconcile.h"

namespace sluice::control {

// By uid: the name of the cluster. Of those that show the Service it is the one that the ledger names, else the first;
// if none shows it, the one that the ledger names.
using Owners = std::map<std::string, std::string>;
Owners owners_of(std::span<const ClusterInput> clusters, const ipam::LedgerBook& book);

// Gives what a Service holds under another cluster's name to its owner.
void follow_owners(const Owners& owners, std::int64_t now, ipam::LedgerBook& book);

// Releases what no Service of ours holds any more: deleted, changed, or re-created under the same name (U5, D6). Passes
// over clusters that were not read yet or left the configuration, and Services that cannot be read now.
void release_absent(std::span<const ClusterInput> clusters, const std::vector<PlannedService>& ours, std::int64_t now,
                    ipam::LedgerBook& book);

}  // namespace sluice::control
