#pragma once
// The plan: what the appliance intends for every Service that is (or was) ours, and why. Plain values, made by
// reconcile(), read by the snapshot builder, the API writer, announcers and `sluice show` and `explain`.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/ipam/ledger_book.h"
#include "control/kube/objects.h"
#include "lb/backend.h"
#include "net/address.h"
#include "net/headers.h"

namespace sluice::control {

// A node as seen by one service port.
struct PlannedBackend {
  std::string node;
  net::Ipv4Address address;
  std::uint32_t weight = 1;  // Never zero.

  bool operator==(const PlannedBackend&) const = default;
};

// What became of a node for a Service, with the reason, for `explain`.
struct PlannedNode {
  enum class State : std::uint8_t { kIn, kDraining, kOut };
  std::string node;
  std::optional<net::Ipv4Address> address;
  State state = State::kOut;
  std::uint32_t weight = 0;  // Of the first port; 1 for every node under policy Cluster.
  std::string reason;
  std::uint16_t health_port = 0;  // Where to ask whether it serves; zero: nothing depends on it.

  bool operator==(const PlannedNode&) const = default;
};
std::string_view to_string(PlannedNode::State state);  // "in", "draining", "out"

struct PlannedPort {
  std::string name;
  kube::Protocol protocol = kube::Protocol::kTcp;
  std::uint16_t port = 0;
  std::uint16_t node_port = 0;
  std::vector<PlannedBackend> backends;
  std::string error;    // CamelCase or a name in our domain, for status.ingress[].ports[].error; empty: served.
  std::string problem;  // The same as a sentence.

  bool is_served() const { return error.empty(); }
  bool operator==(const PlannedPort&) const = default;
};

struct PlannedService {
  enum class Stage : std::uint8_t {
    kPending,    // Ours, but without an address: see `problem`.
    kReserved,   // Has an address; our finalizer is not written yet, so nothing is programmed (KUBERNETES.md U2).
    kServed,     // Programmed.
    kReleasing,  // Was ours: the data path lets go, then finalizers and address go.
  };
  std::string cluster;
  kube::ObjectMeta meta;  // Without resource_version: a plan does not differ because a Service was written.
  Stage stage = Stage::kPending;
  std::string load_balancer_class;
  std::optional<net::Ipv4Address> vip;
  std::string pool;
  std::string address_reason;  // Why this address: "held already", "first free in pool public".
  std::string problem;         // Why there is no address; empty when there is one.
  kube::TrafficPolicy traffic_policy = kube::TrafficPolicy::kCluster;
  bool client_ip_affinity = false;
  bool has_source_ranges = false;
  std::vector<net::Ipv4Prefix> source_ranges;  // Empty although has_source_ranges: nobody may.
  std::vector<std::string> notes;              // What the user should know besides.
  std::vector<PlannedPort> ports;
  std::vector<PlannedNode> nodes;

  std::string key() const { return meta.key(); }
  bool has_backends() const;
  bool operator==(const PlannedService&) const = default;
};
std::string_view to_string(PlannedService::Stage stage);  // "pending", "reserved", "served", "releasing"

struct Plan {
  std::vector<PlannedService> services;  // By cluster (as configured), then by namespace and name.
  ipam::LedgerBook book;                 // To be made durable before anything of the plan takes effect.

  const PlannedService* find(std::string_view cluster, std::string_view key) const;  // Any cluster if it is empty.
};

}  // namespace sluice::control
