#pragma once
// The plan: what the appliance intends for every Service that is (or was) ours, and why. Plain values, made by
// reconcile(), read by the snapshot builder, the API writer, announcers and `sluice show` and `explain`.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/ip_family.h"
#include "control/ipam/ledger_book.h"
#include "control/kube/objects.h"
#include "dataplane/connection_limits.h"
#include "lb/backend.h"
#include "lb/delivery.h"
#include "net/address.h"
#include "net/headers.h"

namespace sluice::control {

// A node as seen by one service port, by its address of one family. A node of both families is two backends.
struct PlannedBackend {
  std::string node;
  net::IpAddress address;
  std::uint32_t weight = 1;  // Never zero.

  bool operator==(const PlannedBackend&) const = default;
};

// What became of a node for one family of a Service, with the reason, for `explain`.
struct PlannedNode {
  enum class State : std::uint8_t { kIn, kDraining, kOut };
  std::string node;
  IpFamily family = IpFamily::kIpv4;
  std::optional<net::IpAddress> address;  // Of that family.
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
  std::vector<PlannedBackend> backends;  // Of all families of the Service; each serves the VIP of its own.
  std::string error;    // CamelCase or a name in our domain, for status.ingress[].ports[].error; empty: served.
  std::string problem;  // The same as a sentence.

  bool is_served() const { return error.empty(); }
  bool operator==(const PlannedPort&) const = default;
};

struct PlannedVip {
  net::IpAddress address;
  std::string pool;
  std::string reason;  // Why this address: "held already", "first free".

  bool operator==(const PlannedVip&) const = default;
};

struct PlannedService {
  enum class Stage : std::uint8_t {
    kPending,    // Ours, but without the addresses that it needs: see `problem`.
    kReserved,   // Has them; our finalizer is not written yet, so nothing is programmed (KUBERNETES.md U2).
    kServed,     // Programmed.
    kReleasing,  // Was ours: the data path lets go, then finalizers and address go.
  };
  std::string cluster;
  kube::ObjectMeta meta;  // Without resource_version: a plan does not differ because a Service was written.
  Stage stage = Stage::kPending;
  std::string load_balancer_class;
  std::vector<IpFamily> families;  // spec.ipFamilies
  bool is_published = false;       // One of its addresses stands in its status: there may be clients.
  std::vector<PlannedVip> vips;    // At most one a family, in the order of spec.ipFamilies. Empty while kPending.
  std::string problem;             // Why it is kPending; else empty.
  std::string missing_family;  // Why one of its families has no address although it must have; empty when all is well.
  kube::TrafficPolicy traffic_policy = kube::TrafficPolicy::kCluster;
  lb::Delivery delivery = lb::Delivery::kFullNat;
  std::uint32_t affinity_seconds = 0;  // sessionAffinity: ClientIP; 0: none.
  dataplane::ConnectionLimit connection_limit;
  bool has_source_ranges = false;
  std::vector<net::IpPrefix> source_ranges;  // A family without one although has_source_ranges: nobody of it may.
  std::vector<std::string> notes;            // What the user should know besides.
  std::vector<PlannedPort> ports;
  std::vector<PlannedNode> nodes;  // One a family and node, in the order of `families` and names.

  std::string key() const { return meta.key(); }
  ipam::ServiceName ledger_name() const { return {cluster, meta.name_space, meta.name}; }
  const PlannedVip* vip(IpFamily family) const;             // Null if there is none.
  std::string vips_text() const;                            // "203.0.113.64, 2001:db8::1"; empty if there is none.
  bool has_backends() const;                                // Of any family.
  bool is_holder_of(const ipam::LedgerEntry& entry) const;  // Also under another name of its cluster.
  bool operator==(const PlannedService&) const = default;
};
std::string_view to_string(PlannedService::Stage stage);  // "pending", "reserved", "served", "releasing"

struct Plan {
  std::vector<PlannedService> services;  // By cluster (as configured), then by namespace and name.
  ipam::LedgerBook book;                 // To be made durable before anything of the plan takes effect.
  std::vector<std::string> warnings;     // Sentences about the clusters as such.

  const PlannedService* find(std::string_view cluster, std::string_view key) const;  // Any cluster if it is empty.
};

}  // namespace sluice::control
