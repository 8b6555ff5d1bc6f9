#include "control/kube/service_patch.h"

#include "control/kube/json_writer.h"

namespace sluice::control::kube {
namespace {

void write_strings(JsonWriter& json, std::string_view key, const std::vector<std::string_view>& strings) {
  json.key(key).begin_array();
  for (const auto string : strings) json.text(string);
  json.end_array();
}

void begin_metadata(JsonWriter& json, const ObjectMeta& meta) {
  json.key("metadata").begin_object().field("uid", meta.uid);
}

void write_port(JsonWriter& json, const PortStatus& port) {
  json.begin_object().field("port", port.port).field("protocol", to_string(port.protocol));
  if (!port.error.empty()) json.field("error", port.error);
  json.end_object();
}

void write_ingress(JsonWriter& json, const LoadBalancerIngress& ingress) {
  json.begin_object();
  if (!ingress.ip.empty())
    json.field("ip", ingress.ip);
  else
    json.field("hostname", ingress.hostname);
  if (!ingress.ip.empty() && ingress.ip_mode != IpMode::kUnset) json.field("ipMode", to_string(ingress.ip_mode));
  if (!ingress.ports.empty()) {
    json.key("ports").begin_array();
    for (const auto& port : ingress.ports) write_port(json, port);
    json.end_array();
  }
  json.end_object();
}

void write_load_balancer(JsonWriter& json, const std::vector<LoadBalancerIngress>& ingress) {
  json.key("loadBalancer").begin_object().key("ingress");
  if (ingress.empty()) {
    json.null();
  } else {
    json.begin_array();
    for (const auto& entry : ingress) write_ingress(json, entry);
    json.end_array();
  }
  json.end_object();
}

void write_condition(JsonWriter& json, const Condition& condition) {
  json.begin_object().field("type", condition.type).field("status", condition.status);
  json.field("reason", condition.reason).field("message", condition.message);
  json.field("lastTransitionTime", condition.last_transition_time);
  // Services have no generation in most versions (kubernetes/kubernetes#113961).
  if (condition.observed_generation != 0) json.field("observedGeneration", condition.observed_generation);
  json.end_object();
}

void write_status(JsonWriter& json, const StatusPatch& patch) {
  if (patch.empty()) return;
  json.key("status").begin_object();
  if (patch.ingress) write_load_balancer(json, *patch.ingress);
  if (!patch.set_conditions.empty() || !patch.removed_conditions.empty()) {
    json.key("conditions").begin_array();
    for (const auto& condition : patch.set_conditions) write_condition(json, condition);
    for (const auto& type : patch.removed_conditions) {
      json.begin_object().field("$patch", "delete").field("type", type).end_object();
    }
    json.end_array();
  }
  json.end_object();
}

}  // namespace

std::string patch_adding_finalizers(const ObjectMeta& meta, const std::vector<std::string_view>& finalizers) {
  JsonWriter json;
  json.begin_object();
  begin_metadata(json, meta);
  write_strings(json, "finalizers", finalizers);
  json.end_object().end_object();
  return json.take();
}

std::string patch_of_status(const ObjectMeta& meta, const StatusPatch& patch) {
  JsonWriter json;
  json.begin_object();
  begin_metadata(json, meta);
  json.end_object();
  write_status(json, patch);
  json.end_object();
  return json.take();
}

std::string patch_releasing(const ObjectMeta& meta, const std::vector<std::string_view>& finalizers,
                            const StatusPatch& patch) {
  JsonWriter json;
  json.begin_object();
  begin_metadata(json, meta);
  if (!finalizers.empty()) write_strings(json, "$deleteFromPrimitiveList/finalizers", finalizers);
  json.end_object();
  write_status(json, patch);
  json.end_object();
  return json.take();
}

}  // namespace sluice::control::kube
