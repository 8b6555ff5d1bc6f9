#pragma once
// The blocking client of the admin socket, for programs that ask a question and wait: `sluice`.

#include <chrono>
#include <functional>
#include <string>

#include "base/result.h"
#include "control/admin/admin.pb.h"

namespace sluice::control::admin {

inline constexpr const char* kDefaultSocket = "/run/sluice/admin.sock";

// Asks the daemon at `path`. Fails with the daemon's own sentence when it says no, and when there is no daemon, it may
// not be asked, or it says nothing for `patience`.
base::Result<sluice::admin::Response> ask(const std::string& path, const sluice::admin::Request& request,
                                          std::chrono::milliseconds patience = std::chrono::seconds{10});

// Whether to go on.
enum class Next { kGoOn, kStop };

struct Listener {
  std::function<Next(const sluice::admin::Response&)> on_response;  // Each of them, the last one, too.
  std::function<Next()> on_signal;                                  // A signal came while nothing else did.
};

// The same for a question with many responses. Succeeds after the last one, or when the listener stops.
base::Result<> follow(const std::string& path, const sluice::admin::Request& request, const Listener& listener,
                      std::chrono::milliseconds patience = std::chrono::seconds{10});

}  // namespace sluice::control::admin
