#pragma once
// Writes JSON text (RFC 8259) from the top down; commas and escapes are its business, balance is the caller's:
//
//   JsonWriter json;
//   json.begin_object().key("metadata").begin_object().field("uid", uid).end_object().end_object();
//   std::string body = json.take();

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::control::kube {

class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);
  JsonWriter& text(std::string_view value);  // Must be UTF-8; control characters are escaped.
  JsonWriter& number(std::int64_t value);
  JsonWriter& null();
  JsonWriter& field(std::string_view name, std::string_view value) { return key(name).text(value); }
  JsonWriter& field(std::string_view name, std::int64_t value) { return key(name).number(value); }

  std::string take() { return std::move(json_); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string json_;
  bool comma_due_ = false;
};

}  // namespace sluice::control::kube
