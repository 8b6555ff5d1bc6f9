#pragma once
// A fresh network namespace for one test. It has no name and leaves nothing behind: it goes with its last user.

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>

#include "control/reactor.h"

namespace sluice::control {

class TestNamespace {
 public:
  TestNamespace() : home_{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)} {
    entered_ = home_ >= 0 && ::unshare(CLONE_NEWNET) == 0;
    own_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    leave();
  }
  ~TestNamespace() {
    ::close(own_);
    ::close(home_);
  }
  TestNamespace(const TestNamespace&) = delete;
  TestNamespace& operator=(const TestNamespace&) = delete;

  bool made() const { return entered_; }  // False without CAP_SYS_ADMIN.
  void enter() const { [[maybe_unused]] const int result = ::setns(own_, CLONE_NEWNET); }
  void leave() const { [[maybe_unused]] const int result = ::setns(home_, CLONE_NEWNET); }
  // For `ip link set X netns PATH`, in commands run by shell().
  std::string path() const { return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(own_); }

  // Runs commands inside; answers whether all succeeded.
  bool shell(const std::string& commands) const {
    enter();
    const int status = std::system(("set -e\n" + commands).c_str());
    leave();
    return status == 0;
  }

 private:
  int home_ = -1;
  int own_ = -1;
  bool entered_ = false;
};

// Turns the reactor until `condition` holds; false when it did not within `limit`.
inline bool run_until(Reactor& reactor, const std::function<bool()>& condition,
                      std::chrono::milliseconds limit = std::chrono::seconds{10}) {
  const auto deadline = Reactor::Clock::now() + limit;
  while (!condition()) {
    if (Reactor::Clock::now() > deadline) return false;
    reactor.run_once(std::chrono::milliseconds{20});
  }
  return true;
}

}  // namespace sluice::control
