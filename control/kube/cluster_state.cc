#include "control/kube/cluster_state.h"

#include <utility>

namespace sluice::control::kube {

const SliceMap& ClusterState::slices_of(const std::string& service_key) const {
  static const SliceMap kNone;
  const auto found = slices.find(service_key);
  return found == slices.end() ? kNone : found->second;
}

void ClusterState::put(Service service) {
  auto key = service.meta.key();
  services.insert_or_assign(std::move(key), std::move(service));
}

void ClusterState::put(Node node) {
  auto key = node.meta.key();
  nodes.insert_or_assign(std::move(key), std::move(node));
}

void ClusterState::put(EndpointSlice slice) {
  const auto key = slice.meta.key();
  if (slice.service_name.empty()) return remove_slice(key);
  const auto service_key = slice.meta.name_space + "/" + slice.service_name;
  const auto owner = slice_owner_.find(key);
  if (owner != slice_owner_.end() && owner->second != service_key) remove_slice(key);
  slice_owner_[key] = service_key;
  slices[service_key].insert_or_assign(key, std::move(slice));
}

void ClusterState::remove_service(const std::string& key) { services.erase(key); }
void ClusterState::remove_node(const std::string& key) { nodes.erase(key); }

void ClusterState::remove_slice(const std::string& key) {
  const auto owner = slice_owner_.find(key);
  if (owner == slice_owner_.end()) return;
  const auto siblings = slices.find(owner->second);
  siblings->second.erase(key);
  if (siblings->second.empty()) slices.erase(siblings);
  slice_owner_.erase(owner);
}

}  // namespace sluice::control::kube
