#include "conf/yaml_reader.h"

#include <cctype>
#include <charconv>
#include <cstdint>
#include <set>
#include <string>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/message.h>
#include <yaml-cpp/yaml.h>

#include "conf/config.pb.h"
#include "conf/nearest.h"
#include "conf/yaml_documents.h"

namespace sluice::conf {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

Position position(const YAML::Mark& mark) {
  return mark.is_null() ? Position{} : Position{mark.line + 1, mark.column + 1};
}

std::string quoted(std::string_view text) { return "'" + std::string{text} + "'"; }

std::string join(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string{word};
  return text;
}

// ENGINE_DPDK of Engine -> "dpdk"; LOG_LEVEL_INFO of LogLevel -> "info".
std::string name_of(const EnumValueDescriptor& value) {
  if (value.options().HasExtension(yaml_name)) return value.options().GetExtension(yaml_name);
  std::size_t prefix = value.type()->name().size();
  for (const char c : value.type()->name().substr(1))
    prefix += std::isupper(static_cast<unsigned char>(c)) != 0 ? 1 : 0;
  std::string name = value.name().substr(prefix + 1);
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

// What a list element or a single value of a field is; hides from the reading of scalars which of the two is set.
struct Slot {
  Message& message;
  const FieldDescriptor& field;

  template <typename Set, typename Add, typename Value>
  void put(Set set, Add add, Value value) const {
    const auto& reflection = *message.GetReflection();
    field.is_repeated() ? (reflection.*add)(&message, &field, value) : (reflection.*set)(&message, &field, value);
  }
  Message& nested() const {
    const auto& reflection = *message.GetReflection();
    return field.is_repeated() ? *reflection.AddMessage(&message, &field)
                               : *reflection.MutableMessage(&message, &field);
  }
};

class Reader {
 public:
  explicit Reader(Reading& reading) : reading_{reading} {}

  void read_message(const YAML::Node& node, Message& message, const std::string& path);

 private:
  void read_field(const YAML::Node& node, const Slot& slot, const std::string& path);
  void read_value(const YAML::Node& node, const Slot& slot, const std::string& path);
  void read_scalar(const std::string& text, const Slot& slot, const std::string& path);
  void read_enum(const std::string& text, const Slot& slot, const std::string& path);
  void report(const std::string& path, std::string message) {
    const auto [line, column] = reading_.positions.of(path);
    reading_.problems.push_back({line, column, path, std::move(message)});
  }
  void report_unknown(const std::string& path, std::string_view key, const Message& message);

  Reading& reading_;
};

void Reader::read_message(const YAML::Node& node, Message& message, const std::string& path) {
  if (node.IsNull()) return;
  if (!node.IsMap())
    return report(
        path, "expected keys with values, got " + std::string{node.IsSequence() ? "a list" : quoted(node.Scalar())});
  std::set<std::string> seen;
  for (const auto& entry : node) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "(a key that is not a word)";
    const std::string where = child(path, key);
    const bool is_new = seen.insert(key).second;
    if (!is_new) {
      const auto [line, column] = position(entry.first.Mark());
      const int before = reading_.positions.of(where).line;
      reading_.problems.push_back({line, column, where, "given twice; the first is in line " + std::to_string(before)});
      continue;
    }
    reading_.positions.set(where, position(entry.first.Mark()));
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(key);
    if (field == nullptr) {
      report_unknown(where, key, message);
      continue;
    }
    if (!entry.second.IsNull()) reading_.positions.set(where, position(entry.second.Mark()));
    read_field(entry.second, {message, *field}, where);
  }
}

void Reader::report_unknown(const std::string& path, std::string_view key, const Message& message) {
  std::vector<std::string_view> known;
  known.reserve(static_cast<std::size_t>(message.GetDescriptor()->field_count()));
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i)
    known.push_back(message.GetDescriptor()->field(i)->name());
  const std::string_view meant = nearest(key, known);
  report(path,
         meant.empty() ? "unknown key; known are " + join(known) : "unknown key, did you mean " + quoted(meant) + "?");
}

void Reader::read_field(const YAML::Node& node, const Slot& slot, const std::string& path) {
  if (!slot.field.is_repeated()) return read_value(node, slot, path);
  if (node.IsNull()) return;
  if (!node.IsSequence()) return report(path, "expected a list, like [a, b] or lines that begin with a dash");
  int index = 0;
  for (const auto& item : node) {
    const std::string where = element(path, index++);
    reading_.positions.set(where, position(item.Mark()));
    read_value(item, slot, where);
  }
}

void Reader::read_value(const YAML::Node& node, const Slot& slot, const std::string& path) {
  if (slot.field.type() == FieldDescriptor::TYPE_MESSAGE) return read_message(node, slot.nested(), path);
  const auto problems_before = reading_.problems.size();
  if (node.IsNull()) {
    report(path, "has no value; leave the key out for its default");
  } else if (!node.IsScalar()) {
    report(path, std::string{"expected a single value, got "} + (node.IsSequence() ? "a list" : "keys with values"));
  } else {
    read_scalar(node.Scalar(), slot, path);
  }
  // Keeps the indices of a list right: a wrong element is one all the same.
  if (reading_.problems.size() > problems_before && slot.field.type() == FieldDescriptor::TYPE_STRING) {
    read_scalar("", slot, path);
  }
}

void Reader::read_scalar(const std::string& text, const Slot& slot, const std::string& path) {
  using google::protobuf::Reflection;
  switch (slot.field.type()) {
    case FieldDescriptor::TYPE_STRING: return slot.put(&Reflection::SetString, &Reflection::AddString, text);
    case FieldDescriptor::TYPE_ENUM: return read_enum(text, slot, path);
    case FieldDescriptor::TYPE_BOOL:
      if (text != "true" && text != "false") return report(path, "expected true or false, got " + quoted(text));
      return slot.put(&Reflection::SetBool, &Reflection::AddBool, text == "true");
    case FieldDescriptor::TYPE_UINT32: {
      std::uint32_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error == std::errc::result_out_of_range)
        return report(path, "expected a number up to 4294967295, got " + text);
      if (error != std::errc{} || end != text.data() + text.size()) {
        return report(path, "expected a whole number, got " + quoted(text));
      }
      return slot.put(&Reflection::SetUInt32, &Reflection::AddUInt32, number);
    }
    default: return report(path, "has a type that the reader does not know: " + std::string{slot.field.type_name()});
  }
}

void Reader::read_enum(const std::string& text, const Slot& slot, const std::string& path) {
  using google::protobuf::Reflection;
  const EnumDescriptor& type = *slot.field.enum_type();
  std::string allowed;
  for (int i = 0; i < type.value_count(); ++i) {
    const std::string name = name_of(*type.value(i));
    if (name == text) return slot.put(&Reflection::SetEnumValue, &Reflection::AddEnumValue, type.value(i)->number());
    allowed += (i == 0 ? "" : ", ") + name;
  }
  report(path, "expected one of " + allowed + ", got " + quoted(text));
}

}  // namespace

Reading read_yaml(std::string_view text, Message& message) {
  Reading reading;
  try {
    const std::string all{text};
    const auto second = second_document(all);
    const YAML::Node document = YAML::Load(all);
    if (document.IsNull()) {
      reading.problems.push_back({1, 1, "", "there is nothing in this file"});
    } else if (second) {
      reading.problems.push_back({second->line, second->column, "", "a second document begins; expected one"});
    } else {
      Reader{reading}.read_message(document, message, "");
    }
  } catch (const YAML::Exception& error) {
    const auto [line, column] = position(error.mark);
    reading.problems.push_back({line, column, "", "not YAML: " + error.msg});
  }
  return reading;
}

}  // namespace sluice::conf
