#pragma once
// The daemon's log: spdlog to standard error, one line an entry, systemd adds the rest. Never used on a worker thread.

#include <string_view>

#include <spdlog/spdlog.h>

namespace sluice::base {

// Sets level ("debug", "info", "warning", "error") and format of the default logger. Unknown levels mean "info".
void start_log(std::string_view level);

}  // namespace sluice::base
