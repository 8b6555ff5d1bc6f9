#pragma once
// From the plan and the kernel's network to the snapshot that workers serve from. Pure but for the memory it keeps: ids
// that must stay the same from one snapshot to the next, and Maglev tables that need not be built twice.

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "control/departures.h"
#include "control/next_hops.h"
#include "control/plan.h"
#include "control/stable_ids.h"
#include "dataplane/snapshot.h"
#include "lb/maglev_cache.h"

namespace sluice::control {

struct BackendKey {
  std::string cluster;
  net::IpAddress address;
  friend auto operator<=>(const BackendKey&, const BackendKey&) = default;
};

struct ServicePortKey {
  std::string cluster;
  std::string uid;  // A Service re-created under the same name is another one.
  std::uint16_t port = 0;
  kube::Protocol protocol{};
  friend auto operator<=>(const ServicePortKey&, const ServicePortKey&) = default;
};

struct NodePortKey {
  std::string cluster;
  std::uint16_t node_port = 0;
  kube::Protocol protocol{};
  friend auto operator<=>(const NodePortKey&, const NodePortKey&) = default;
};

struct SnapshotInput {
  const Plan& plan;
  std::span<const netlink::Route> routes;
  std::span<const netlink::Neighbour> neighbours;
  std::span<const PortLink> links;
  std::span<const dataplane::Port> ports;  // By index of the dataplane port.
  std::span<const net::IpAddress> snat_addresses;
  std::span<const net::IpAddress> kernel_addresses;  // That the kernel answers for itself.
  nat::Timeouts timeouts;
  std::chrono::steady_clock::time_point now;
};

struct BuiltSnapshot {
  std::unique_ptr<dataplane::Snapshot> snapshot;
  std::vector<netlink::NeighbourKey> wanted_neighbours;
  std::optional<std::chrono::steady_clock::time_point> next_deadline;  // When the same input gives another one.
};

class SnapshotBuilder {
 public:
  // Numbers of what is gone are not used again before `quarantine` is over: longer than any flow may be idle.
  explicit SnapshotBuilder(std::chrono::steady_clock::duration quarantine, const Patience& patience = {});

  BuiltSnapshot build(const SnapshotInput& input);

  const StableIds<BackendKey>& backend_ids() const { return backends_; }
  const StableIds<ServicePortKey>& service_ids() const { return services_; }
  std::vector<BackendKey> lost_nodes(std::chrono::steady_clock::time_point now) const;  // Of the plan built last.

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  void keep_known(const Plan& plan, TimePoint now);
  NextHops find_ways(const SnapshotInput& input) const;
  void note_departures(const Plan& plan, const NextHops& hops, TimePoint now);
  template <typename Family>
  void add_family(const SnapshotInput& input, dataplane::FamilySnapshot<Family>& snapshot);
  template <typename Family>
  void add_service(const PlannedService& service, const typename Family::Address& vip, TimePoint now,
                   dataplane::FamilySnapshot<Family>& snapshot, std::vector<lb::ServiceEntry<Family>>& entries);
  std::shared_ptr<const lb::MaglevTable> table_of(const PlannedService& service, const PlannedPort& port,
                                                  IpFamily family, TimePoint now);
  template <typename Family>
  void add_backends(const NextHops& hops, TimePoint now, dataplane::FamilySnapshot<Family>& snapshot) const;
  void note_ways_back(const Plan& plan);
  template <typename Family>
  void add_ways_back(dataplane::FamilySnapshot<Family>& snapshot) const;

  std::uint32_t epoch_ = 1;  // The engine's first, empty snapshot has this one.
  StableIds<BackendKey> backends_;
  StableIds<ServicePortKey> services_;
  std::chrono::steady_clock::duration quarantine_;
  std::set<BackendKey> backends_in_plan_;          // Of the last build.
  std::map<BackendKey, TimePoint> backends_seen_;  // Until when a plan named it.
  Departures departures_;
  lb::MaglevCache tables_;
  // Node ports at which nodes answer clients by themselves, or have: flows go on after their service has another port,
  // or is delivered in another way.
  std::map<NodePortKey, ServicePortKey> ways_back_;
  bool keeps_clients_ = false;  // Any service, ever.
};

}  // namespace sluice::control
