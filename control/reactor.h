#pragma once
// The control thread's event loop: one epoll, timers, work posted by other threads. Everything of `control/` runs on
// it, so that nothing there needs a lock.
//
// Callbacks may watch, forget, start and cancel anything, also themselves. A callback must not block.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace sluice::control {

class Reactor {
 public:
  using Clock = std::chrono::steady_clock;
  using OnReady = std::function<void(std::uint32_t events)>;  // EPOLLIN, EPOLLOUT, EPOLLERR, …
  using Task = std::function<void()>;
  using TimerId = std::uint64_t;  // Never zero, never used twice.

  Reactor();  // Throws std::system_error when the kernel gives no epoll: nothing can run without it.
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // Calls back when `fd` is ready. The caller keeps owning `fd` and forgets it before closing it. Watching again
  // replaces events and callback.
  void watch(int fd, std::uint32_t events, OnReady on_ready);
  void forget(int fd);

  // Calls `task` once after `delay`; a cancelled timer is never called, also if it is already due.
  TimerId after(Clock::duration delay, Task task);
  void cancel(TimerId timer);

  // The only member that other threads (and signal-free contexts) may call.
  void post(Task task);

  void run();   // Until stop().
  void stop();  // From the reactor's own thread, or posted.
  // One turn: waits at most `timeout` for something, then runs what is due. For tests and for shutdown.
  void run_once(Clock::duration timeout);

 private:
  struct Watch;
  void run_timers();
  void run_posted();
  int wait_ms(Clock::duration limit) const;

  int epoll_fd_ = -1;
  int wake_fd_ = -1;
  bool stopping_ = false;
  TimerId next_timer_ = 1;
  std::unordered_map<int, std::shared_ptr<Watch>> watches_;
  std::multimap<Clock::time_point, std::pair<TimerId, Task>> timers_;
  std::unordered_map<TimerId, std::multimap<Clock::time_point, std::pair<TimerId, Task>>::iterator> timer_index_;
  std::mutex posted_mutex_;
  std::vector<Task> posted_;
};

}  // namespace sluice::control
