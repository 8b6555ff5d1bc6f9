#pragma once
// The appliance: composes the parts and carries every change through them, from a source to the packets and back to the
// API. All on the control thread.

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/announce/change.h"
#include "control/announce/l2.h"
#include "control/cluster_link.h"
#include "control/health/prober.h"
#include "control/ipam/ledger.h"
#include "control/kube/http.h"
#include "control/netlink/kernel_state.h"
#include "control/netlink/resolver.h"
#include "control/options.h"
#include "control/plan.h"
#include "control/port_upkeep.h"
#include "control/reactor.h"
#include "control/shortage.h"
#include "control/snapshot_builder.h"
#include "dataplane/forwarder.h"

namespace sluice::control {

class Appliance {
 public:
  static base::Result<std::unique_ptr<Appliance>> start(Reactor& reactor, Options options);

  const Options& options() const { return options_; }
  const Plan& plan() const { return plan_; }
  const SnapshotBuilder& builder() const { return builder_; }
  const netlink::KernelState& kernel() const { return *kernel_; }
  const std::vector<std::unique_ptr<ClusterLink>>& clusters() const { return clusters_; }
  dataplane::Forwarder& forwarder() const { return *forwarder_; }
  std::vector<PortLink> port_links() const;
  bool has_carrier(std::size_t port) const;
  std::vector<std::string> warnings() const;  // Sentences about clusters, ports and shortages, as things are now.

 private:
  Appliance(Reactor& reactor, Options options);
  base::Result<> set_up_kernel();
  KernelView look_at_kernel() const;
  void changed();  // Something may have changed: take a turn soon. Many changes at once make one turn.
  void turn();
  bool ready() const;
  void plan_anew();  // Reconciles, and makes the outcome durable, as far as that can be.
  void publish(const Plan& before);
  void tell_warnings();  // What is new of them, to the log.
  void announce();
  void look_around();  // Now and from time to time, for what nobody tells us: links of NICs, shortages.
  std::vector<announce::Segment> segments() const;
  bool is_running(const std::string& link_name) const;
  std::string trouble_of(std::size_t port) const;  // Empty: none.
  std::vector<dataplane::Port> dataplane_ports() const;

  Reactor& reactor_;
  Options options_;
  PortUpkeep upkeep_;
  std::unique_ptr<ipam::Ledger> ledger_;
  std::unique_ptr<dataplane::Forwarder> forwarder_;
  std::unique_ptr<netlink::KernelState> kernel_;
  std::unique_ptr<netlink::Resolver> resolver_;
  std::unique_ptr<announce::L2Announcer> announcer_;
  kube::HttpClient http_;
  std::vector<std::unique_ptr<ClusterLink>> clusters_;
  std::unique_ptr<health::Prober> prober_;  // Null: not wished.
  SnapshotBuilder builder_;
  Plan plan_;
  announce::Held announced_;
  std::vector<bool> wires_;  // By port, whether DPDK saw a link when it was asked last: NICs take their time to say.
  ShortageWatch shortage_watch_;
  std::vector<std::string> shortages_;
  std::vector<std::string> misled_;
  bool turn_is_due_ = false;
  bool network_changed_ = true;  // Since the last snapshot.
  bool is_settled_ = false;      // Clusters had time to be read: nobody waits for the rest.
  std::vector<std::string> told_warnings_;
  std::string ledger_failure_;  // Empty: it could be written last time.
  Reactor::TimerId ledger_retry_ = 0;
  Reactor::TimerId deadline_ = 0;  // When a snapshot is due although nothing changed.
};

}  // namespace sluice::control
