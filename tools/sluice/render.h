#pragma once
// Answers as text for people, or as JSON for programs. Pure functions; every text ends with a line end.

#include <string>

#include "control/admin/admin.pb.h"

namespace sluice::cli {

enum class Output { kTable, kJson };
enum class Verdicts { kDropsSeen, kAll };  // Which rows of `show drops`.

struct Style {
  Output output = Output::kTable;
  Verdicts verdicts = Verdicts::kDropsSeen;
};

std::string render(const admin::Response& response, const Style& style);

// The message of the answer alone, with the names of admin.proto; 64-bit numbers are strings, as protobuf has it.
std::string to_json(const admin::Response& response);

std::string to_text(const admin::Services& services);
std::string to_text(const admin::Backends& backends);
std::string to_text(const admin::Flows& flows);
std::string to_text(const admin::Ports& ports);
std::string to_text(const admin::Drops& drops, Verdicts verdicts);
std::string to_text(const admin::RecentDrops& drops);
std::string to_text(const admin::Status& status);
std::string to_text(const admin::ServiceExplained& explained);
std::string to_text(const admin::FlowExplained& explained);

}  // namespace sluice::cli
