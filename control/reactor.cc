#include "control/reactor.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

namespace sluice::control {

struct Reactor::Watch {
  OnReady on_ready;
};

Reactor::Reactor() : epoll_fd_{::epoll_create1(EPOLL_CLOEXEC)}, wake_fd_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
  if (epoll_fd_ < 0 || wake_fd_ < 0) throw std::system_error{errno, std::generic_category(), "reactor"};
  watch(wake_fd_, EPOLLIN, [this](std::uint32_t) {
    std::uint64_t ignored;
    [[maybe_unused]] const auto n = ::read(wake_fd_, &ignored, sizeof ignored);
  });
}

Reactor::~Reactor() {
  ::close(wake_fd_);
  ::close(epoll_fd_);
}

void Reactor::watch(int fd, std::uint32_t events, OnReady on_ready) {
  const bool known = watches_.contains(fd);
  epoll_event event{.events = events, .data = {.fd = fd}};
  if (::epoll_ctl(epoll_fd_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0) {
    throw std::system_error{errno, std::generic_category(), "reactor: watch fd " + std::to_string(fd)};
  }
  watches_[fd] = std::make_shared<Watch>(Watch{std::move(on_ready)});
}

void Reactor::forget(int fd) {
  if (watches_.erase(fd) != 0) ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
}

Reactor::TimerId Reactor::after(Clock::duration delay, Task task) {
  const TimerId id = next_timer_++;
  timer_index_[id] = timers_.emplace(Clock::now() + delay, std::pair{id, std::move(task)});
  return id;
}

void Reactor::cancel(TimerId timer) {
  const auto found = timer_index_.find(timer);
  if (found == timer_index_.end()) return;
  timers_.erase(found->second);
  timer_index_.erase(found);
}

void Reactor::post(Task task) {
  {
    const std::lock_guard lock{posted_mutex_};
    posted_.push_back(std::move(task));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(wake_fd_, &one, sizeof one);
}

void Reactor::run() {
  stopping_ = false;
  while (!stopping_) run_once(std::chrono::hours{1});
}

void Reactor::stop() { stopping_ = true; }

void Reactor::run_once(Clock::duration timeout) {
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(epoll_fd_, events.data(), static_cast<int>(events.size()), wait_ms(timeout));
  for (int i = 0; i < count; ++i) {
    const auto found = watches_.find(events[static_cast<std::size_t>(i)].data.fd);
    if (found == watches_.end()) continue;  // Forgotten by a callback of this same turn.
    const auto keep_alive = found->second;  // The callback may forget itself.
    keep_alive->on_ready(events[static_cast<std::size_t>(i)].events);
  }
  run_posted();
  run_timers();
}

void Reactor::run_posted() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock{posted_mutex_};
    tasks.swap(posted_);
  }
  for (auto& task : tasks) task();
}

void Reactor::run_timers() {
  // Only what is due now: a timer that starts another with no delay must not keep the loop here for ever.
  const auto now = Clock::now();
  const TimerId newest = next_timer_;
  while (!timers_.empty()) {
    const auto first = timers_.begin();
    if (first->first > now || first->second.first >= newest) break;
    const Task task = std::move(first->second.second);
    timer_index_.erase(first->second.first);
    timers_.erase(first);
    task();
  }
}

int Reactor::wait_ms(Clock::duration limit) const {
  using std::chrono::milliseconds;
  if (!timers_.empty()) limit = std::min(limit, timers_.begin()->first - Clock::now());
  const auto ms = std::chrono::ceil<milliseconds>(limit).count();
  return static_cast<int>(std::clamp<std::int64_t>(ms, 0, 3'600'000));
}

}  // namespace sluice::control
