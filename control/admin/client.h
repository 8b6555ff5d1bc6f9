#pragma once
// The blocking client of the admin socket, for programs that ask a question and wait: `sluice`.

#include <chrono>
#include <string>

#include "base/result.h"
#include "control/admin/admin.pb.h"

namespace sluice::control::admin {

inline constexpr const char* kDefaultSocket = "/run/sluice/admin.sock";

// Asks the daemon at `path`. Fails with the daemon's own sentence when it says no, and when there is no daemon, it may
// not be asked, or it says nothing for `patience`.
base::Result<sluice::admin::Response> ask(const std::string& path, const sluice::admin::Request& request,
                                          std::chrono::milliseconds patience = std::chrono::seconds{10});

}  // namespace sluice::control::admin
