// What `sluice explain` says: why a Service is served as it is, and what becomes of a flow.

#include "tools/sluice/render.h"
#include "tools/sluice/table.h"
#include "tools/sluice/text.h"

namespace sluice::cli {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string or_none(const std::string& text) { return text.empty() ? "none" : text; }

std::string headline(const admin::Service& service) {
  std::string text = service.cluster().empty() ? "" : service.cluster() + "/";
  text += service.namespace_() + "/" + service.name() + ": " + service.state();
  if (!service.vip().empty()) text += " at " + service.vip();
  if (!service.reason().empty()) text += ", " + service.reason();
  return text + "\n";
}

std::string properties(const admin::Service& service) {
  return "  class " + or_none(service.class_()) + ", pool " + or_none(service.pool()) + ", policy " +
         or_none(service.policy()) + ", delivery " + or_none(service.delivery()) + "\n";
}

std::string ports_of(const admin::Service& service) {
  Table table{{"PORT", "NAME", ">NODE-PORT", ">ACTIVE", "PROBLEM"}};
  for (const auto& port : service.ports()) {
    table.add({number(port.port()) + "/" + port.protocol(), port.name(),
               port.node_port() == 0 ? "" : number(port.node_port()), number(port.active_backends()), port.problem()});
  }
  return table.empty() ? "" : "\n" + table.text();
}

std::string facts_of(const admin::ServiceExplained& explained) {
  Table table{{"ABOUT", "BECAUSE"}};
  for (const auto& fact : explained.facts()) table.add({fact.topic(), fact.sentence()});
  return table.empty() ? "" : "\n" + table.text();
}

std::string nodes_of(const admin::ServiceExplained& explained) {
  Table table{{"NODE", "ADDRESS", "STATE", ">WEIGHT", ">SLOTS", "REASON"}};
  for (const auto& node : explained.nodes()) {
    table.add({node.node(), node.address(), node.state(), number(node.weight()), number(node.slots()), node.reason()});
  }
  return table.empty() ? "\nno node is known\n" : "\n" + table.text();
}

std::string verdict_of(const admin::FlowExplained& explained) {
  std::string text = "verdict: " + explained.verdict();
  if (!explained.instead_of().empty()) text += " instead of " + explained.instead_of();
  if (!explained.service().empty()) text += ", service " + explained.service();
  if (!explained.node().empty()) text += ", node " + endpoint(explained.node(), explained.node_port());
  if (explained.slots_total() != 0) {
    text += ", slot " + number(explained.slot()) + " of " + number(explained.slots_total());
  }
  return text + "\n";
}

std::string live_of(const admin::FlowExplained& explained) {
  if (!explained.has_live()) return "open now: no; this is what would become of its first packet\n";
  const auto& flow = explained.live();
  return "open now: yes, " + flow.state() + ", to node " + endpoint(flow.node(), flow.node_port()) + " from " +
         endpoint(flow.snat(), flow.snat_port()) + ", idle for " + duration(flow.idle_seconds()) + ", on worker " +
         number(flow.worker()) + "; it stays there, the steps above are for a new flow\n";
}

}  // namespace

std::string to_text(const admin::ServiceExplained& explained) {
  const auto& service = explained.service();
  return headline(service) + properties(service) + ports_of(service) + facts_of(explained) + nodes_of(explained);
}

std::string to_text(const admin::FlowExplained& explained) {
  Table table{{">#", "STEP", "WHAT"}};
  int index = 0;
  for (const auto& step : explained.steps()) table.add({std::to_string(++index), step.step(), step.sentence()});
  return (table.empty() ? "" : table.text() + "\n") + verdict_of(explained) + live_of(explained);
}

}  // namespace sluice::cli
