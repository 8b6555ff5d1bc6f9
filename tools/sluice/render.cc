#include "tools/sluice/render.h"

#include <google/protobuf/util/json_util.h>

#include "tools/sluice/text.h"

namespace sluice::cli {
namespace {

std::string to_table(const admin::Response& response, Verdicts verdicts) {
  switch (response.answer_case()) {
    case admin::Response::kServices: return to_text(response.services());
    case admin::Response::kBackends: return to_text(response.backends());
    case admin::Response::kFlows: return to_text(response.flows());
    case admin::Response::kPorts: return to_text(response.ports());
    case admin::Response::kDrops: return to_text(response.drops(), verdicts);
    case admin::Response::kRecentDrops: return to_text(response.recent_drops());
    case admin::Response::kStatus: return to_text(response.status());
    case admin::Response::kServiceExplained: return to_text(response.service_explained());
    case admin::Response::kFlowExplained: return to_text(response.flow_explained());
    case admin::Response::kCaptured:
    case admin::Response::kTraced:  // As they come: see render_packets.h.
    case admin::Response::ANSWER_NOT_SET: break;
  }
  return {};
}

}  // namespace

std::string render(const admin::Response& response, const Style& style) {
  return style.output == Output::kJson ? to_json(response) : printable(to_table(response, style.verdicts));
}

std::string to_json(const admin::Response& response) {
  const auto* field = response.GetReflection()->GetOneofFieldDescriptor(
      response, admin::Response::descriptor()->FindOneofByName("answer"));
  if (field == nullptr) return "{}\n";
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto& answer = response.GetReflection()->GetMessage(response, field);
  const auto status = google::protobuf::util::MessageToJsonString(answer, &text, options);
  return status.ok() ? text : "{}\n";
}

}  // namespace sluice::cli
