#pragma once
// One value inside a JSON document together with the path to it, for decoders that must survive anything.
//
// Reading never fails: a value of the wrong kind reads as its default and leaves a sentence in the Complaint that all
// fields of an object share; only the first is kept. Absent and null are the same, as in the Kubernetes API.
//
// A Field refers to its parent for the path, so name each level: a Field of a temporary does not compile.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

namespace sluice::control::kube {

struct Complaint {
  std::string sentence;  // Empty: nothing was wrong.
};

class Field {
 public:
  Field(simdjson::dom::element root, Complaint& complaint) : complaint_{&complaint}, value_{root} {}

  Field operator[](const char* name) const&;
  Field operator[](const char* name) const&& = delete;

  bool present() const { return value_.has_value() && !value_->is_null(); }
  // Each of these answers the default when the value is absent or wrong.
  std::string text(std::string_view absent = {}) const;
  bool flag(bool absent) const;
  std::optional<bool> maybe_flag() const;
  std::int64_t number(std::int64_t low, std::int64_t high, std::int64_t absent = 0) const;
  std::uint16_t port() const;                                            // 1 to 65535, or absent: 0
  std::string text_or_number() const;                                    // IntOrString
  void each(const std::function<void(const Field& item)>& visit) const;  // Of an array.
  void each_member(const std::function<void(std::string_view name, const Field& value)>& visit) const;  // Of an object.

  // "spec.ports[1].port: expected a number from 1 to 65535, got "http"".
  void complain(std::string_view expected) const;
  std::string path() const;

 private:
  Field(const Field& parent, std::string_view name, std::optional<simdjson::dom::element> value)
      : complaint_{parent.complaint_}, parent_{&parent}, name_{name}, value_{value} {}
  Field(const Field& parent, std::size_t index, simdjson::dom::element value)
      : complaint_{parent.complaint_}, parent_{&parent}, index_{index}, value_{value} {}

  Complaint* complaint_;
  const Field* parent_ = nullptr;
  std::string_view name_;  // Empty in an array.
  std::size_t index_ = 0;
  std::optional<simdjson::dom::element> value_;
};

}  // namespace sluice::control::kube
