#pragma once
// A flow as others than its worker see it: a copy, of whichever family; and which flows one wants to see.

#include <optional>
#include <string_view>

#include "lb/backend.h"
#include "nat/flow.h"
#include "net/address.h"

namespace sluice::dataplane {

struct FlowRecord {
  net::IpAddress client, vip, node, snat;
  net::Be16 client_port, vip_port, node_port, snat_port;
  net::IpProtocol protocol{};
  nat::TcpState state = nat::TcpState::kNone;
  nat::SctpState sctp_state = nat::SctpState::kNone;
  bool has_replied = false;  // The node has sent something.
  lb::BackendId backend = lb::kNoBackend;
  std::uint32_t service = 0;
  unsigned worker = 0;
  double idle_seconds = 0;
};

// Without worker and idle time. `node` serves the flow; it stands in none of the flow's addresses where delivery dsr
// leaves them as they are.
template <typename Family>
FlowRecord record_of(const nat::Flow<Family>& flow, const typename Family::Address& node);

// What of its life is known: the state of TCP or SCTP, else whether the node has answered.
std::string_view state_of(const FlowRecord& flow);

struct FlowFilter {  // Unset fields match everything.
  std::optional<net::IpProtocol> protocol;
  std::optional<net::IpAddress> client;
  std::optional<net::Be16> client_port;
  std::optional<net::IpAddress> vip;
  std::optional<net::Be16> vip_port;
  std::optional<net::IpAddress> node;

  bool matches(const FlowRecord& flow) const;
  // `node` serves the flow.
  template <typename Family>
  bool matches(const nat::Flow<Family>& flow, const typename Family::Address& node) const;
};

}  // namespace sluice::dataplane
