#pragma once
// Kubernetes objects and plans for tests, in few words: a builder makes the usual one, a test changes what it is about.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/kube/cluster_state.h"
#include "control/plan.h"
#include "net/address.h"

namespace sluice::control {

inline net::Ipv4Address ip(std::string_view text) { return *net::Ipv4Address::parse(text); }
inline net::Ipv4Prefix prefix(std::string_view text) { return *net::Ipv4Prefix::parse(text); }
inline net::MacAddress mac(std::string_view text) { return *net::MacAddress::parse(text); }

// A Node with one InternalIP.
kube::Node node(const std::string& name, std::string_view address);

// default/NAME with port "http" (TCP 80, node port 30080), type LoadBalancer without a class, our finalizer in place.
kube::Service service(const std::string& name);

// An endpoint that is ready, on a node; an empty name: nobody says on which.
kube::Endpoint endpoint(std::string_view address, const std::string& node_name);
kube::Endpoint terminating(kube::Endpoint endpoint);  // Serving still, ready no more.
kube::Endpoint unready(kube::Endpoint endpoint);

// A slice of default/SERVICE_NAME with port "http". Its own name is SERVICE_NAME-SUFFIX.
kube::EndpointSlice slice(const std::string& service_name, const std::string& suffix,
                          std::vector<kube::Endpoint> endpoints);

// What choose_backends() gets: the ports of the Service, without backends.
PlannedService with_ports_of(const kube::Service& service);

// "node-1:2 node-3:1" for backends of these weights.
std::string text_of(const std::vector<PlannedBackend>& backends);

const PlannedNode* find_node(const PlannedService& service, std::string_view name);  // Null if there is none.

}  // namespace sluice::control
