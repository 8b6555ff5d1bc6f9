#include "control/kube/json_field.h"

namespace sluice::control::kube {
namespace {

constexpr std::size_t kQuoteMax = 60;  // Bytes of a wrong value that a sentence repeats.

// At most kQuoteMax bytes of `text`, cut between characters of UTF-8.
std::string shorten(std::string text) {
  if (text.size() <= kQuoteMax) return text;
  std::size_t length = kQuoteMax;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) --length;
  return text.substr(0, length) + "…";
}

}  // namespace

Field Field::operator[](const char* name) const& {
  if (!present()) return {*this, name, std::nullopt};
  simdjson::dom::object object;
  if (value_->get(object) != simdjson::SUCCESS) {
    complain("an object");
    return {*this, name, std::nullopt};
  }
  simdjson::dom::element member;
  if (object.at_key(name).get(member) != simdjson::SUCCESS) return {*this, name, std::nullopt};
  return {*this, name, member};
}

std::string Field::text(std::string_view absent) const {
  if (!present()) return std::string{absent};
  std::string_view text;
  if (value_->get(text) == simdjson::SUCCESS) return std::string{text};
  complain("text");
  return std::string{absent};
}

bool Field::flag(bool absent) const { return maybe_flag().value_or(absent); }

std::optional<bool> Field::maybe_flag() const {
  if (!present()) return std::nullopt;
  bool flag = false;
  if (value_->get(flag) == simdjson::SUCCESS) return flag;
  complain("true or false");
  return std::nullopt;
}

std::int64_t Field::number(std::int64_t low, std::int64_t high, std::int64_t absent) const {
  if (!present()) return absent;
  std::int64_t number = 0;
  if (value_->get(number) == simdjson::SUCCESS && number >= low && number <= high) return number;
  complain("a number from " + std::to_string(low) + " to " + std::to_string(high));
  return absent;
}

std::uint16_t Field::port() const { return static_cast<std::uint16_t>(number(1, 65535)); }

std::string Field::text_or_number() const {
  std::int64_t number = 0;
  if (present() && value_->get(number) == simdjson::SUCCESS) return std::to_string(number);
  return text();
}

void Field::each(const std::function<void(const Field&)>& visit) const {
  if (!present()) return;
  simdjson::dom::array array;
  if (value_->get(array) != simdjson::SUCCESS) return complain("a list");
  std::size_t index = 0;
  for (const auto item : array) visit(Field{*this, index++, item});
}

void Field::each_member(const std::function<void(std::string_view, const Field&)>& visit) const {
  if (!present()) return;
  simdjson::dom::object object;
  if (value_->get(object) != simdjson::SUCCESS) return complain("an object");
  for (const auto member : object) visit(member.key, Field{*this, member.key, member.value});
}

void Field::complain(std::string_view expected) const {
  if (!complaint_->sentence.empty()) return;
  const auto got = value_ ? shorten(simdjson::minify(*value_)) : "nothing";
  complaint_->sentence = path() + ": expected " + std::string{expected} + ", got " + got;
}

std::string Field::path() const {
  if (parent_ == nullptr) return "object";
  if (name_.empty()) return parent_->path() + "[" + std::to_string(index_) + "]";
  if (parent_->parent_ == nullptr) return std::string{name_};
  return parent_->path() + "." + std::string{name_};
}

}  // namespace sluice::control::kube
