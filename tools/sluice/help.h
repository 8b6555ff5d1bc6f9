#pragma once
// What `--help` says.

#include <string>
#include <string_view>

namespace sluice::cli {

// About one command, such as "show flows"; about the program if `command` is empty.
std::string help(std::string_view command);

}  // namespace sluice::cli
