#pragma once
// What is known of one cluster, as plain values: the reconciler's input. Written by Cluster only (or by a test).

#include <map>
#include <string>

#include "control/kube/objects.h"

namespace sluice::control::kube {

using ServiceMap = std::map<std::string, Service>;        // By "namespace/name".
using NodeMap = std::map<std::string, Node>;              // By name.
using SliceMap = std::map<std::string, EndpointSlice>;    // By the slice's own "namespace/name".
using SlicesByService = std::map<std::string, SliceMap>;  // By the Service's "namespace/name".
using MalformedMap = std::map<std::string, Malformed>;    // By "resource namespace/name".

class ClusterState {
 public:
  std::string name;     // Of the configuration.
  bool synced = false;  // All three resources were listed once. Before that nothing may be concluded from absence.
  ServiceMap services;
  NodeMap nodes;
  SlicesByService slices;  // Slices without the label kubernetes.io/service-name are left out.
  // Objects of which the newest version cannot be read. If an older version could, it is still in the maps above.
  MalformedMap malformed;

  // Empty when there are none.
  const SliceMap& slices_of(const std::string& service_key) const;

  void put(Service service);
  void put(Node node);
  void put(EndpointSlice slice);  // Also moves it when its label changed.
  void remove_service(const std::string& key);
  void remove_node(const std::string& key);
  void remove_slice(const std::string& key);

 private:
  std::map<std::string, std::string> slice_owner_;  // Slice to Service: a deletion does not tell the label.
};

}  // namespace sluice::control::kube
