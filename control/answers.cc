#include "control/answers.h"

#include <algorithm>

#include "control/explain.h"
#include "control/questions.h"
#include "control/recent_drops.h"
#include "control/retell.h"

namespace sluice::control {
namespace {

constexpr std::size_t kFlowsDefault = 100;
constexpr std::size_t kFlowsMost = 100'000;
constexpr std::chrono::milliseconds kCollectEvery{1};

messages::Response refusal(std::string sentence) {
  messages::Response response;
  response.set_error(std::move(sentence));
  return response;
}

messages::Response explain_service(const Appliance& appliance, const messages::ExplainService& request) {
  const std::string key = request.namespace_() + "/" + request.name();
  const PlannedService* service = appliance.plan().find(request.cluster(), key);
  messages::Response response;
  if (service != nullptr) {
    *response.mutable_service_explained() = retell_why(appliance, *service);
    return response;
  }
  for (const auto& link : appliance.clusters()) {
    if (!request.cluster().empty() && link->name() != request.cluster()) continue;
    if (!link->synced()) return refusal("cluster " + link->name() + " was not read yet: see `sluice show status`");
    const auto& services = link->cluster().state().services;
    const auto found = services.find(key);
    if (found == services.end()) continue;
    return refusal("service " + key + " is not ours: " + why_not_ours(link->input(), found->second));
  }
  const bool is_cluster = request.cluster().empty() || std::ranges::any_of(appliance.clusters(), [&](const auto& link) {
                            return link->name() == request.cluster();
                          });
  if (!is_cluster) return refusal("no cluster of the configuration is called " + request.cluster());
  return refusal("no cluster of ours has a Service " + key);
}

messages::Response show_recent_drops(const Appliance& appliance, const messages::ShowRecentDrops& request) {
  const auto verdict = parse_drop(request.verdict());
  if (!verdict) return refusal(verdict.message());
  messages::Response response;
  *response.mutable_recent_drops() = retell_recent_drops(appliance, *verdict);
  return response;
}

}  // namespace

Answers::Answers(Reactor& reactor, const Appliance& appliance)
    : reactor_{reactor}, appliance_{appliance}, captures_{reactor, appliance} {}

void Answers::answer(const messages::Request& request, Reply reply) {
  using Question = messages::Request;
  messages::Response response;
  switch (request.question_case()) {
    case Question::kShowServices: *response.mutable_services() = retell_services(appliance_); break;
    case Question::kShowBackends: *response.mutable_backends() = retell_backends(appliance_); break;
    case Question::kShowPorts: *response.mutable_ports() = retell_ports(appliance_); break;
    case Question::kShowDrops: *response.mutable_drops() = retell_drops(appliance_); break;
    case Question::kShowRecentDrops: response = show_recent_drops(appliance_, request.show_recent_drops()); break;
    case Question::kShowStatus:
      *response.mutable_status() = retell_status(appliance_, std::chrono::steady_clock::now() - started_);
      break;
    case Question::kExplainService: response = explain_service(appliance_, request.explain_service()); break;
    case Question::kShowFlows: return show_flows(request.show_flows(), std::move(reply));
    case Question::kExplainFlow: return explain_flow(request.explain_flow(), std::move(reply));
    case Question::kCapturePackets: return captures_.capture(request.capture_packets(), reply);
    case Question::kTracePackets: return captures_.trace(request.trace_packets(), reply);
    case Question::QUESTION_NOT_SET:
      response = refusal("this sluiced does not know that question: is it older than sluice?");
  }
  reply(response);
}

void Answers::show_flows(const messages::ShowFlows& request, Reply reply) {
  const Names names = names_of(appliance_);
  const auto filter = flow_filter_of(request.filter(), names);
  if (!filter) return reply(refusal(filter.message()));
  const std::size_t limit = std::min<std::size_t>(request.limit() == 0 ? kFlowsDefault : request.limit(), kFlowsMost);
  // One more than wanted tells whether there are more.
  ask_flows(*filter, limit + 1, [names, limit, reply = std::move(reply)](std::vector<dataplane::FlowRecord> found) {
    messages::Response response;
    auto& flows = *response.mutable_flows();
    flows.set_truncated(found.size() > limit);
    if (found.size() > limit) found.resize(limit);
    for (const auto& record : found) retell(record, names, *flows.add_flows());
    reply(response);
  });
}

void Answers::explain_flow(const messages::ExplainFlow& request, Reply reply) {
  const auto tuple = tuple_of(request);
  if (!tuple) return reply(refusal(tuple.message()));
  std::vector<std::string> port_names;
  for (const auto& port : appliance_.options().ports) port_names.push_back(port.name);
  const auto& snapshot = appliance_.forwarder().snapshot();
  const auto& forwarder = appliance_.forwarder();
  const RememberedClients remembered{.table = &forwarder.affinities(), .now = forwarder.now()};
  const ExplainedFlow told = tuple->vip.is_v4() ? control::explain_flow(snapshot, tuple->v4(), port_names, remembered)
                                                : control::explain_flow(snapshot, tuple->v6(), port_names, remembered);
  const Names names = names_of(appliance_);

  messages::Response response;
  auto& explained = *response.mutable_flow_explained();
  for (const auto& step : told.steps) {
    auto& shown = *explained.add_steps();
    shown.set_step(step.step);
    shown.set_sentence(step.sentence);
  }
  explained.set_verdict(std::string{name(told.verdict)});
  if (told.instead_of) explained.set_instead_of(std::string{name(*told.instead_of)});
  for (const auto& address : told.snat) explained.add_snat(address.to_string());
  if (told.service) {
    const auto known = names.services.find(*told.service);
    if (known != names.services.end()) explained.set_service(known->second);
    explained.set_slot(told.slot);
    explained.set_slots_total(told.slots);
    explained.set_node_port(told.node_port.host());
  }
  if (told.node) {
    const auto node = names.nodes.find(*told.node);
    explained.set_node(node == names.nodes.end() ? told.node->to_string() : node->second);
  }
  const dataplane::FlowFilter filter{.protocol = tuple->protocol,
                                     .client = tuple->client,
                                     .client_port = tuple->client_port,
                                     .vip = tuple->vip,
                                     .vip_port = tuple->vip_port};
  ask_flows(filter, 1, [names, response, reply = std::move(reply)](std::vector<dataplane::FlowRecord> found) mutable {
    if (!found.empty()) retell(found.front(), names, *response.mutable_flow_explained()->mutable_live());
    reply(response);
  });
}

void Answers::ask_flows(dataplane::FlowFilter filter, std::size_t limit, dataplane::Forwarder::OnFlows on_flows) {
  appliance_.forwarder().query_flows(filter, limit, std::move(on_flows));
  if (is_collecting_) return;
  is_collecting_ = true;
  reactor_.after(kCollectEvery, [this] { collect(); });
}

void Answers::collect() {
  appliance_.forwarder().collect_answers();
  is_collecting_ = appliance_.forwarder().has_open_queries();
  if (is_collecting_) reactor_.after(kCollectEvery, [this] { collect(); });
}

}  // namespace sluice::control
