#pragma once
// What was typed, understood.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/admin/admin.pb.h"
#include "tools/sluice/render.h"

namespace sluice::cli {

struct CommandLine {
  enum class Action { kAsk, kLook, kHelp, kVersion };
  Action action = Action::kAsk;
  std::string topic;       // kHelp: a command such as "show flows", or empty.
  admin::Request request;  // kAsk, and kLook: a capture or trace.
  std::string socket;
  Style style;
  std::optional<std::chrono::milliseconds> watch;  // Ask again and again, with such pauses.
  bool is_output_named = false;                    // --output was given.
  std::optional<std::string> file;                 // Where a capture shall go; "-": standard output.
};

// `arguments` without the program's name. `environment_socket` is the value of SLUICE_SOCKET, if it is set.
base::Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments,
                                             const char* environment_socket = nullptr);

}  // namespace sluice::cli
