#pragma once
// Answers to what `sluice` asks: reads the appliance's state and retells it. Changes nothing.

#include <chrono>

#include "control/admin/admin.pb.h"
#include "control/admin/server.h"
#include "control/appliance.h"
#include "control/captures.h"
#include "control/reactor.h"

namespace sluice::control {

namespace messages = ::sluice::admin;  // Of admin.proto.

class Answers {
 public:
  // Both outlive it.
  Answers(Reactor& reactor, const Appliance& appliance);

  // Replies at once, or, where workers are asked for their flows, some milliseconds later, or for as long as a capture
  // goes on.
  void answer(const messages::Request& request, admin::Reply reply);

 private:
  using Reply = admin::Reply;
  void show_flows(const messages::ShowFlows& request, Reply reply);
  void explain_flow(const messages::ExplainFlow& request, Reply reply);
  void ask_flows(dataplane::FlowFilter filter, std::size_t limit, dataplane::Forwarder::OnFlows on_flows);
  void collect();

  Reactor& reactor_;
  const Appliance& appliance_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  bool is_collecting_ = false;
  Captures captures_;
};

}  // namespace sluice::control
