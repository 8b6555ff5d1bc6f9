#include "control/reactor.h"

#include <algorithm>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

TEST(Reactor, RunsWhatOtherThreadsPostOnItsOwnInTheirOrder) {
  constexpr int kTasks = 1000;
  Reactor reactor;
  std::vector<std::vector<int>> ran(2);
  const auto stop_at_last = [&] {
    if (ran[0].size() + ran[1].size() == 2 * kTasks) reactor.stop();
  };
  std::vector<std::thread> threads;
  for (std::size_t poster = 0; poster < ran.size(); ++poster) {
    threads.emplace_back([&, poster] {
      for (int task = 0; task < kTasks; ++task) {
        reactor.post([&, poster, task] {
          ran[poster].push_back(task);
          stop_at_last();
        });
      }
    });
  }
  reactor.run();
  for (auto& thread : threads) thread.join();
  for (const auto& tasks : ran) {
    EXPECT_EQ(tasks.size(), kTasks);
    EXPECT_TRUE(std::is_sorted(tasks.begin(), tasks.end()));
  }
}

TEST(Reactor, CallsADueTimerOnceAndACancelledOneNever) {
  Reactor reactor;
  int due = 0, cancelled = 0;
  const auto timer = reactor.after(Reactor::Clock::duration{0}, [&] { ++cancelled; });
  reactor.after(Reactor::Clock::duration{0}, [&] { ++due; });
  reactor.cancel(timer);
  reactor.run_once(Reactor::Clock::duration{0});
  reactor.run_once(Reactor::Clock::duration{0});
  EXPECT_EQ(due, 1);
  EXPECT_EQ(cancelled, 0);
}

}  // namespace
}  // namespace sluice::control
