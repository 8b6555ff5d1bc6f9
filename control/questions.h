#pragma once
// What is asked, understood: from the admin API's messages to our values. Errors are sentences about what was asked.

#include <cstddef>
#include <span>
#include <string>

#include "base/result.h"
#include "control/retell.h"
#include "dataplane/capture_filter.h"
#include "dataplane/flow_record.h"
#include "net/flow_key.h"

namespace sluice::control {

// A 5-tuple of whichever family its addresses are of.
struct FlowTuple {
  net::IpProtocol protocol{};
  net::IpAddress client, vip;
  net::Be16 client_port, vip_port;

  net::FlowKey4 v4() const { return {client.v4(), vip.v4(), client_port, vip_port, protocol}; }
  net::FlowKey6 v6() const { return {client.v6(), vip.v6(), client_port, vip_port, protocol}; }
};

base::Result<FlowTuple> tuple_of(const messages::ExplainFlow& request);

base::Result<dataplane::FlowFilter> flow_filter_of(const messages::FlowFilter& from, const Names& names);

// `ports`: the names of the dataplane's ports, by index.
base::Result<dataplane::CaptureFilter> capture_filter_of(const messages::PacketFilter& from, const Names& names,
                                                         std::span<const std::string> ports);

// How one types it: "--vip 203.0.113.64:80 --verdict drop_no_service"; empty: all packets.
std::string describe(const messages::PacketFilter& filter);

}  // namespace sluice::control
