#pragma once
// Plan, packets and kernel as the admin API shows them: from our values to its messages, one function each.

#include <optional>

#include "control/admin/admin.pb.h"
#include "control/appliance.h"
#include "control/plan.h"
#include "dataplane/forwarder.h"

namespace sluice::control {

namespace messages = ::sluice::admin;  // Of admin.proto.

// What a service id of the snapshot and a node's address are called.
struct Names {
  std::map<std::uint32_t, std::string> services;  // "namespace/name"
  std::map<net::IpAddress, std::string> nodes;
};
Names names_of(const Appliance& appliance);

void retell(const PlannedService& service, messages::Service& to);
void retell(const dataplane::FlowRecord& record, const Names& names, messages::Flow& to);
void retell(const dataplane::PortStatus& port, messages::Port& to);
void retell(const dataplane::RecentDrop& drop, messages::DroppedPacket& to);

messages::Services retell_services(const Appliance& appliance);
messages::Backends retell_backends(const Appliance& appliance);
messages::Ports retell_ports(const Appliance& appliance);
messages::Drops retell_drops(const Appliance& appliance);
messages::RecentDrops retell_recent_drops(const Appliance& appliance, std::optional<dataplane::Verdict> only);
messages::Status retell_status(const Appliance& appliance, std::chrono::duration<double> uptime);
messages::ServiceExplained retell_why(const Appliance& appliance, const PlannedService& service);

}  // namespace sluice::control
