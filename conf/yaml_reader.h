#pragma once
// YAML into any protobuf message: keys are the names of its fields, enumerators lose their prefix and capitals.
//
// Walks the message's descriptor, so a field added to the .proto is readable at once. Understands the types that
// config.proto has: messages, text, bool, uint32, enumerations, and lists of them. Strict: unknown keys, keys given
// twice and values of another type are problems, all of them reported. A list or mapping without a value is empty.

#include <string_view>
#include <vector>

#include "conf/problem.h"

namespace google::protobuf {
class Message;
}

namespace sluice::conf {

struct Reading {
  std::vector<Problem> problems;
  Positions positions;
};

// What could be read is in `message`. A problem with the empty path: nothing could.
Reading read_yaml(std::string_view text, google::protobuf::Message& message);

}  // namespace sluice::conf
