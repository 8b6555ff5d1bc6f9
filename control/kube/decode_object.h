#pragma once
// The fields of each kind of object, for decode.cc: what is wrong goes to the Field's Complaint.

#include "control/kube/json_field.h"
#include "control/kube/objects.h"

namespace sluice::control::kube {

void decode_meta(const Field& root, ObjectMeta& meta);
// All but `meta`, which is decoded before.
void decode_rest(const Field& root, Service& service);
void decode_rest(const Field& root, Node& node);
void decode_rest(const Field& root, EndpointSlice& slice);

Protocol decode_protocol(const Field& field);  // Absent: TCP

// A name of a fixed list; absent: the list's first.
template <typename Enum>
struct NamedValue {
  std::string_view name;
  Enum value;
};

template <typename Enum, std::size_t kCount>
Enum decode_enum(const Field& field, const NamedValue<Enum> (&values)[kCount]) {
  if (!field.present()) return values[0].value;
  const auto text = field.text();
  std::string expected;
  for (const auto& candidate : values) {
    if (text == candidate.name) return candidate.value;
    expected += (expected.empty() ? "" : " or ") + std::string{candidate.name};
  }
  field.complain(expected);
  return values[0].value;
}

}  // namespace sluice::control::kube
