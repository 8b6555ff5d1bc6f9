#include "control/kube/cluster.h"

#include <utility>

#include "control/kube/reflector.h"

namespace sluice::control::kube {
namespace {

std::string malformed_key(const std::string& resource, const std::string& key) { return resource + " " + key; }

void remove(ClusterState& state, const std::string& key, const Service*) { state.remove_service(key); }
void remove(ClusterState& state, const std::string& key, const Node*) { state.remove_node(key); }
void remove(ClusterState& state, const std::string& key, const EndpointSlice*) { state.remove_slice(key); }

// A Service may end whatever is wrong with it: that takes nothing but its metadata.
void take_end(ClusterState& state, const Malformed& malformed, const Service*) {
  if (!malformed.meta.is_deleting()) return;
  const auto last_good = state.services.find(malformed.meta.key());
  Service ending = last_good == state.services.end() ? Service{} : last_good->second;
  ending.meta = malformed.meta;
  state.put(std::move(ending));
}
void take_end(ClusterState&, const Malformed&, const Node*) {}
void take_end(ClusterState&, const Malformed&, const EndpointSlice*) {}

}  // namespace

template <typename Object>
struct Cluster::Watcher {
  Watcher(Cluster& cluster, Feed& feed, Api& api, Resource resource, Pace pace)
      : reflector{api, resource, std::move(pace), callbacks(cluster, feed, resource.name)} {}

  static typename Reflector<Object>::Callbacks callbacks(Cluster& cluster, Feed& feed, const std::string& resource);

  Reflector<Object> reflector;
};

template <typename Object>
typename Reflector<Object>::Callbacks Cluster::Watcher<Object>::callbacks(Cluster& cluster, Feed& feed,
                                                                          const std::string& resource) {
  using Callbacks = typename Reflector<Object>::Callbacks;
  auto& state = cluster.state_;
  Callbacks callbacks;
  callbacks.on_upsert = [&cluster, &state, resource](Object object) {
    state.malformed.erase(malformed_key(resource, object.meta.key()));
    state.put(std::move(object));
    cluster.changed();
  };
  callbacks.on_delete = [&cluster, &state, resource](const std::string& key) {
    state.malformed.erase(malformed_key(resource, key));
    remove(state, key, static_cast<const Object*>(nullptr));
    cluster.changed();
  };
  callbacks.on_malformed = [&cluster, &state](Malformed malformed) {
    take_end(state, malformed, static_cast<const Object*>(nullptr));
    auto key = malformed_key(malformed.resource, malformed.meta.key());
    state.malformed.insert_or_assign(std::move(key), std::move(malformed));
    cluster.changed();
  };
  callbacks.on_synced = [&cluster, &feed] {
    feed.synced = true;
    cluster.changed();
  };
  callbacks.on_state = [&cluster, &feed](typename Callbacks::Link link, const std::string& sentence) {
    feed.connected = link == Callbacks::Link::kConnected;
    feed.sentence = sentence;
    cluster.changed();
  };
  return callbacks;
}

Cluster::Cluster(std::string name, Api& api, Pace pace, OnChange on_change) : on_change_{std::move(on_change)} {
  state_.name = std::move(name);
  const std::array<Resource, 3> resources{{{"services", "/api/v1/services"},
                                           {"nodes", "/api/v1/nodes"},
                                           {"endpointslices", "/apis/discovery.k8s.io/v1/endpointslices"}}};
  for (std::size_t i = 0; i < resources.size(); ++i) feeds_[i] = {.resource = resources[i].name, .sentence = "listing"};
  services_ = std::make_unique<Watcher<Service>>(*this, feeds_[0], api, resources[0], pace);
  nodes_ = std::make_unique<Watcher<Node>>(*this, feeds_[1], api, resources[1], pace);
  slices_ = std::make_unique<Watcher<EndpointSlice>>(*this, feeds_[2], api, resources[2], pace);
}

Cluster::~Cluster() = default;

void Cluster::changed() {
  state_.synced = feeds_[0].synced && feeds_[1].synced && feeds_[2].synced;
  if (on_change_) on_change_();
}

}  // namespace sluice::control::kube
