#pragma once
// JSON of the Kubernetes API → objects.h, with the API's defaults filled in. Nothing in the bytes can crash it.
//
// An answer that is no JSON, or no list or event at all, is an Error. A single object in it that cannot be read is not:
// it comes as a Decoded with a complaint and as much of its metadata as could be read, and the others are unharmed.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/kube/objects.h"

namespace sluice::control::kube {

template <typename Object>
struct Decoded {
  Object object;          // When there is a complaint: only its `meta` means anything.
  std::string complaint;  // "spec.ports[1].port: expected a number from 1 to 65535, got "http""; empty: all is well.
};

// One page of a list.
template <typename Object>
struct Page {
  std::string resource_version;  // Of the list: what a watch begins from.
  std::string continue_token;    // Empty on the last page.
  std::vector<Decoded<Object>> items;
};

enum class EventType : unsigned char { kPut, kDelete, kBookmark, kError };  // kPut: ADDED or MODIFIED

// One line of a watch.
template <typename Object>
struct WatchEvent {
  EventType type = EventType::kError;
  Decoded<Object> item;   // For kBookmark and kDelete only `meta` is read.
  std::int64_t code = 0;  // For kError: the HTTP status that it stands for.
  std::string message;    // For kError: "Expired: too old resource version: 1 (2)".
};

// Object is Service, Node or EndpointSlice.
template <typename Object>
base::Result<Decoded<Object>> decode_object(std::string_view json);
template <typename Object>
base::Result<Page<Object>> decode_page(std::string_view json);
template <typename Object>
base::Result<WatchEvent<Object>> decode_event(std::string_view json);

// The `reason` and `message` of a metav1.Status ("Forbidden: services is forbidden: …"); empty when it is none.
std::string decode_status_message(std::string_view json);

}  // namespace sluice::control::kube
