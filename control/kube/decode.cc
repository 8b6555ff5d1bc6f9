#include "control/kube/decode.h"

#include <simdjson.h>

#include "control/kube/decode_object.h"
#include "control/kube/json_field.h"

namespace sluice::control::kube {
namespace {

// A parser keeps its buffers; all of this room runs on the one control thread.
simdjson::dom::parser& parser() {
  static thread_local simdjson::dom::parser instance;
  return instance;
}

base::Result<simdjson::dom::element> parse(std::string_view json) {
  simdjson::dom::element root;
  const auto error = parser().parse(json.data(), json.size(), true).get(root);
  if (error != simdjson::SUCCESS) return base::fail(std::string{"not JSON: "} + simdjson::error_message(error));
  if (!root.is_object()) return base::fail("not a JSON object");
  return root;
}

template <typename Object>
Decoded<Object> decode_element(simdjson::dom::element element) {
  Complaint complaint;
  const Field root{element, complaint};
  Decoded<Object> decoded;
  decode_meta(root, decoded.object.meta);
  decode_rest(root, decoded.object);
  decoded.complaint = std::move(complaint.sentence);
  return decoded;
}

template <typename Object>
Decoded<Object> decode_meta_only(simdjson::dom::element element) {
  Complaint complaint;
  const Field root{element, complaint};
  Decoded<Object> decoded;
  decode_meta(root, decoded.object.meta);
  return decoded;
}

std::string status_message(simdjson::dom::element status) {
  Complaint ignored;
  const Field root{status, ignored};
  const auto reason = root["reason"].text();
  const auto message = root["message"].text();
  if (reason.empty() || message.empty()) return reason + message;
  return reason + ": " + message;
}

base::Result<EventType> event_type(const std::string& name) {
  if (name == "ADDED" || name == "MODIFIED") return EventType::kPut;
  if (name == "DELETED") return EventType::kDelete;
  if (name == "BOOKMARK") return EventType::kBookmark;
  if (name == "ERROR") return EventType::kError;
  return base::fail("type: expected ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, got \"" + name + "\"");
}

}  // namespace

template <typename Object>
base::Result<Decoded<Object>> decode_object(std::string_view json) {
  const auto root = parse(json);
  if (!root) return base::fail(root.message());
  return decode_element<Object>(*root);
}

template <typename Object>
base::Result<Page<Object>> decode_page(std::string_view json) {
  const auto element = parse(json);
  if (!element) return base::fail(element.message());
  Complaint complaint;
  const Field root{*element, complaint};
  const Field metadata = root["metadata"];
  Page<Object> page;
  page.resource_version = metadata["resourceVersion"].text();
  page.continue_token = metadata["continue"].text();
  if (page.resource_version.empty()) metadata["resourceVersion"].complain("text");
  simdjson::dom::element items;
  // Typed lists say "items": null when there are none.
  if ((*element)["items"].get(items) == simdjson::SUCCESS && !items.is_null()) {
    simdjson::dom::array array;
    if (items.get(array) != simdjson::SUCCESS)
      root["items"].complain("a list");
    else
      for (const auto item : array) page.items.push_back(decode_element<Object>(item));
  }
  if (!complaint.sentence.empty()) return base::fail("list: " + complaint.sentence);
  return page;
}

template <typename Object>
base::Result<WatchEvent<Object>> decode_event(std::string_view json) {
  const auto element = parse(json);
  if (!element) return base::fail("watch event: " + element.message());
  Complaint complaint;
  const Field root{*element, complaint};
  const auto type = event_type(root["type"].text());
  if (!type) return base::fail("watch event: " + type.message());
  simdjson::dom::element object;
  if ((*element)["object"].get(object) != simdjson::SUCCESS) return base::fail("watch event: object: missing");
  WatchEvent<Object> event;
  event.type = *type;
  if (*type == EventType::kError) {
    const Field status{object, complaint};
    event.code = status["code"].number(0, 999);
    if (status["reason"].text() == "Expired" || status["reason"].text() == "Gone") event.code = 410;
    event.message = status_message(object);
  } else if (*type == EventType::kPut) {
    event.item = decode_element<Object>(object);
  } else {
    event.item = decode_meta_only<Object>(object);
  }
  return event;
}

std::string decode_status_message(std::string_view json) {
  const auto root = parse(json);
  return root ? status_message(*root) : std::string{};
}

template base::Result<Decoded<Service>> decode_object(std::string_view);
template base::Result<Decoded<Node>> decode_object(std::string_view);
template base::Result<Decoded<EndpointSlice>> decode_object(std::string_view);
template base::Result<Page<Service>> decode_page(std::string_view);
template base::Result<Page<Node>> decode_page(std::string_view);
template base::Result<Page<EndpointSlice>> decode_page(std::string_view);
template base::Result<WatchEvent<Service>> decode_event(std::string_view);
template base::Result<WatchEvent<Node>> decode_event(std::string_view);
template base::Result<WatchEvent<EndpointSlice>> decode_event(std::string_view);

}  // namespace sluice::control::kube
