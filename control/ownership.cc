#include "control/ownership.h"

#include <algorithm>

namespace sluice::control {
namespace {

const ClusterInput* find(std::span<const ClusterInput> clusters, const std::string& name) {
  const auto found = std::ranges::find(clusters, name, &ClusterInput::name);
  return found == clusters.end() ? nullptr : &*found;
}

std::string key_of(const ipam::ServiceName& name) { return name.name_space + "/" + name.name; }

// Whether the Service of this uid is there and is ours.
bool shows(const ClusterInput& cluster, const ipam::LedgerEntry& entry) {
  const auto service = cluster.state->services.find(key_of(entry.service));
  return service != cluster.state->services.end() && service->second.meta.uid == entry.uid &&
         is_ours(cluster, service->second);
}

// A Service that is there but cannot be read, in any of its versions so far.
bool is_unreadable(const kube::ClusterState& state, const ipam::ServiceName& name) {
  return state.malformed.contains("services " + key_of(name)) && !state.services.contains(key_of(name));
}

}  // namespace

// What a cluster shows now counts more than what the ledger remembers of one that was not read yet.
Owners owners_of(std::span<const ClusterInput> clusters, const ipam::LedgerBook& book) {
  Owners owners;
  for (const auto& [holder, entry] : book.held()) {
    const ClusterInput* cluster = find(clusters, holder.service.cluster);
    if (cluster != nullptr && cluster->state->synced && shows(*cluster, entry)) {
      owners.emplace(entry.uid, cluster->name);
    }
  }
  for (const auto& cluster : clusters) {
    if (!cluster.state->synced) continue;
    for (const auto& [key, service] : cluster.state->services) {
      if (is_ours(cluster, service)) owners.emplace(service.meta.uid, cluster.name);
    }
  }
  for (const auto& [holder, entry] : book.held()) {
    if (find(clusters, holder.service.cluster) != nullptr) owners.emplace(entry.uid, holder.service.cluster);
  }
  owners.erase("");  // Nobody's name: such a Service belongs to whoever shows it.
  return owners;
}

// All are taken out before any is put in: two clusters may have changed their names with each other.
void follow_owners(const Owners& owners, std::int64_t now, ipam::LedgerBook& book) {
  std::vector<ipam::LedgerEntry> moving;
  for (const auto& [holder, entry] : book.held()) {
    const auto owner = owners.find(entry.uid);
    if (owner == owners.end() || owner->second == holder.service.cluster) continue;
    moving.push_back(entry);
    moving.back().service.cluster = owner->second;
    const auto* there = book.find_by_holder(moving.back().holder());
    if (there != nullptr && there->uid == entry.uid) moving.pop_back();  // Has one already: this one is too much.
  }
  for (const auto& entry : moving) book.release(book.find_by_vip(entry.vip)->holder(), now);
  for (auto& entry : moving) {
    book.release(entry.holder(), now);  // What a Service of that name held that is no more.
    (void)book.hold(std::move(entry));  // It is free: just released.
  }
}

void release_absent(std::span<const ClusterInput> clusters, const std::vector<PlannedService>& ours, std::int64_t now,
                    ipam::LedgerBook& book) {
  std::map<ipam::Holder, std::string> uids;
  for (const auto& service : ours) {
    for (const IpFamily family : service.families) uids[{service.ledger_name(), family}] = service.meta.uid;
  }
  std::vector<ipam::Holder> gone;
  for (const auto& [holder, entry] : book.held()) {
    const ClusterInput* cluster = find(clusters, holder.service.cluster);
    if (cluster == nullptr || !cluster->state->synced || is_unreadable(*cluster->state, holder.service)) continue;
    const auto uid = uids.find(holder);
    const bool is_same = uid != uids.end() && (entry.uid.empty() || entry.uid == uid->second);
    if (!is_same) gone.push_back(holder);
  }
  for (const auto& holder : gone) book.release(holder, now);
}

}  // namespace sluice::control
