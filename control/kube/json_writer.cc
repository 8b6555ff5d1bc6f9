#include "control/kube/json_writer.h"

namespace sluice::control::kube {
namespace {

void append_escaped(std::string& json, char character) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(character);
  if (character == '"' || character == '\\') {
    json += '\\';
    json += character;
  } else if (character == '\n') {
    json += "\\n";
  } else if (byte < 0x20) {
    json += "\\u00";
    json += kHex[byte >> 4];
    json += kHex[byte & 15];
  } else {
    json += character;
  }
}

}  // namespace

JsonWriter& JsonWriter::key(std::string_view name) {
  text(name);
  json_ += ':';
  comma_due_ = false;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  separate();
  json_ += '"';
  for (const char character : value) append_escaped(json_, character);
  json_ += '"';
  return *this;
}

JsonWriter& JsonWriter::number(std::int64_t value) {
  separate();
  json_ += std::to_string(value);
  return *this;
}

JsonWriter& JsonWriter::null() {
  separate();
  json_ += "null";
  return *this;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  json_ += bracket;
  comma_due_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  json_ += bracket;
  comma_due_ = true;
  return *this;
}

void JsonWriter::separate() {
  if (comma_due_) json_ += ',';
  comma_due_ = true;
}

}  // namespace sluice::control::kube
