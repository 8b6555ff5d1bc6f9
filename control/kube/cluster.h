#pragma once
// One configured cluster: three reflectors (Services, Nodes, EndpointSlices) that keep one ClusterState up to date.
//
// A malformed object leaves its last good version in place and is listed in `state().malformed`. An API server that
// cannot be reached changes nothing but `feeds()`.

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "control/kube/api.h"
#include "control/kube/cluster_state.h"
#include "control/kube/pace.h"

namespace sluice::control::kube {

// How one of the three watches fares, for `show`.
struct Feed {
  std::string resource;  // "services"
  bool connected = false;
  bool synced = false;   // Was listed at least once.
  std::string sentence;  // "watching", or why not: "list services: 403 Forbidden: …"
};

class Cluster {
 public:
  // Called after every change of the state, also of `malformed`, `synced` and `feeds()`; coalescing is the caller's.
  using OnChange = std::function<void()>;

  // `api` outlives the Cluster. Begins to list at once.
  Cluster(std::string name, Api& api, Pace pace, OnChange on_change);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  const std::string& name() const { return state_.name; }
  const ClusterState& state() const { return state_; }
  bool synced() const { return state_.synced; }
  const std::array<Feed, 3>& feeds() const { return feeds_; }

 private:
  template <typename Object>
  struct Watcher;

  void changed();

  ClusterState state_;
  std::array<Feed, 3> feeds_;
  OnChange on_change_;
  std::unique_ptr<Watcher<Service>> services_;
  std::unique_ptr<Watcher<Node>> nodes_;
  std::unique_ptr<Watcher<EndpointSlice>> slices_;
};

}  // namespace sluice::control::kube
