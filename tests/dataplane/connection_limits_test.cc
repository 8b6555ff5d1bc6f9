#include "dataplane/connection_limits.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace sluice::dataplane {
namespace {

using namespace std::chrono_literals;

// How many of `tries` even attempts within a second get through, from this tick on.
unsigned taken(ConnectionLimits& limits, std::uint32_t a_second, unsigned tries, nat::Tick from,
               std::uint64_t client = 0) {
  const nat::Tick second = nat::to_ticks(1s);
  unsigned count = 0;
  for (unsigned i = 0; i < tries; ++i) {
    const nat::Tick now = from + static_cast<nat::Tick>(std::uint64_t{second} * i / tries);
    count += (client == 0 ? limits.take(5, a_second, now) : limits.take_of_client(client, a_second, now)) ? 1 : 0;
  }
  return count;
}

class Rates : public testing::TestWithParam<std::uint32_t> {};

TEST_P(Rates, LetsASecondsWorthThroughAtOnceAndThenTheRate) {
  const std::uint32_t rate = GetParam();
  for (const std::uint64_t client : {std::uint64_t{0}, std::uint64_t{77} << 32 | 9}) {
    if (client != 0 && rate > ConnectionLimit::kByClientMax) continue;
    ConnectionLimits limits{16, 64, 9};
    const nat::Tick start = ~nat::Tick{0} - nat::to_ticks(3s);  // The clock wraps on the way.
    const unsigned first = taken(limits, rate, 4 * rate, start, client);
    EXPECT_NEAR(first, 2.0 * rate, 0.05 * rate + 1) << client;
    for (unsigned second = 1; second < 6; ++second) {
      const unsigned later = taken(limits, rate, 4 * rate, start + second * nat::to_ticks(1s), client);
      EXPECT_NEAR(later, rate, 0.05 * rate + 1) << client;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Rates, testing::Values(1U, 3U, 10U, 100U, 1'000U, 10'000U, 500'000U));

TEST(ConnectionLimits, TellsServicesAndClientsApart) {
  ConnectionLimits limits{16, 64, 9};
  EXPECT_TRUE(limits.take(1, 1, 0));
  EXPECT_FALSE(limits.take(1, 1, 0));
  EXPECT_TRUE(limits.take(2, 1, 0));
  EXPECT_TRUE(limits.take_of_client(1, 1, 0));
  EXPECT_FALSE(limits.take_of_client(1, 1, 0));
  EXPECT_TRUE(limits.take_of_client(2, 1, 0));
}

TEST(ConnectionLimits, StartsAnewAfterALongTime) {
  ConnectionLimits limits{16, 64, 9};
  for (const nat::Tick now : {nat::Tick{0}, nat::to_ticks(1h), nat::to_ticks(24h * 365), nat::to_ticks(24h * 500)}) {
    EXPECT_TRUE(limits.take(1, 1, now));
    EXPECT_TRUE(limits.take_of_client(1, 1, now));
    EXPECT_FALSE(limits.take(1, 1, now));
    EXPECT_FALSE(limits.take_of_client(1, 1, now));
  }
}

TEST(ConnectionLimits, ForgetsTheClientThatIsQuietForLongest) {
  ConnectionLimits limits{16, 8, 9};
  for (std::uint64_t client = 1; client <= 8; ++client) {
    EXPECT_TRUE(limits.take_of_client(client, 1, static_cast<nat::Tick>(client)));
  }
  EXPECT_TRUE(limits.take_of_client(100, 1, 9));
  EXPECT_FALSE(limits.take_of_client(100, 1, 9));
  for (std::uint64_t client = 2; client <= 8; ++client) EXPECT_FALSE(limits.take_of_client(client, 1, 9)) << client;
}

TEST(ConnectionLimits, CountsWhatAllWorkersTake) {
  ConnectionLimits limits{16, 64, 9};
  std::atomic<unsigned> service{0}, client{0};
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&] {
      for (int i = 0; i < 2'000; ++i) {
        service += limits.take(1, 1'000, 7) ? 1U : 0U;
        client += limits.take_of_client(1ULL << 40 | 1, 1'000, 7) ? 1U : 0U;
      }
    });
  }
  for (auto& worker : workers) worker.join();
  EXPECT_NEAR(service.load(), 1'000U, 1);
  EXPECT_NEAR(client.load(), 1'000U, 25);
}

}  // namespace
}  // namespace sluice::dataplane
