#include "dataplane/affinity_table.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice::dataplane {
namespace {

constexpr std::uint32_t kTimeout = 600;

nat::Tick at(unsigned seconds) { return nat::to_ticks(std::chrono::seconds{seconds}); }

TEST(AffinityTable, RemembersAClientsNodeForItsTimeout) {
  AffinityTable table{64, 9};
  EXPECT_EQ(table.find(7, at(0), kTimeout), lb::kNoBackend);
  table.note(7, 3, at(0));
  EXPECT_EQ(table.find(7, at(599), kTimeout), 3U);
  EXPECT_EQ(table.find(7, at(603), kTimeout), lb::kNoBackend);
  EXPECT_EQ(table.find(7, at(603), 10'800), 3U) << "by another timeout it is not over";
  EXPECT_EQ(table.find(8, at(0), kTimeout), lb::kNoBackend);
}

TEST(AffinityTable, CountsFromTheLastConnection) {
  AffinityTable table{64, 9};
  table.note(7, 3, at(0));
  table.note(7, 3, at(500));
  EXPECT_EQ(table.find(7, at(1'000), kTimeout), 3U);
  table.note(7, 4, at(1'000));
  EXPECT_EQ(table.find(7, at(1'500), kTimeout), 4U);
}

TEST(AffinityTable, KnowsTimeAcrossTheWrapOfTheClock) {
  AffinityTable table{64, 9};
  const nat::Tick before = ~nat::Tick{0} - at(100);
  table.note(7, 3, before);
  EXPECT_EQ(table.find(7, before + at(500), kTimeout), 3U);
  EXPECT_EQ(table.find(7, before + at(700), kTimeout), lb::kNoBackend);
}

TEST(AffinityTable, KnowsAClientThatAWorkerWithAClockAheadNoted) {
  AffinityTable table{64, 9};
  table.note(7, 3, 6'400);
  EXPECT_EQ(table.find(7, 6'399, kTimeout), 3U);
}

TEST(AffinityTable, ForgetsTheOldestFirst) {
  AffinityTable table{8, 9};
  for (std::uint64_t client = 0; client < 8; ++client) table.note(client, 1, at(static_cast<unsigned>(10 * client)));
  table.note(100, 2, at(90));
  EXPECT_EQ(table.find(0, at(90), kTimeout), lb::kNoBackend);
  for (std::uint64_t client = 1; client < 8; ++client) EXPECT_EQ(table.find(client, at(90), kTimeout), 1U);
  EXPECT_EQ(table.find(100, at(90), kTimeout), 2U);
}

TEST(AffinityTable, HoldsManyClients) {
  AffinityTable table{std::size_t{1} << 16, 9};
  std::mt19937_64 random{1};
  std::vector<std::uint64_t> clients(20'000);
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients[i] = random();
    table.note(clients[i], static_cast<lb::BackendId>(1 + i % 500), at(1));
  }
  std::size_t known = 0;
  for (std::size_t i = 0; i < clients.size(); ++i) known += table.find(clients[i], at(2), kTimeout) == 1 + i % 500;
  EXPECT_GT(known, clients.size() * 98 / 100);
}

TEST(AffinityTable, DoesNotTakeAnIdThatIsTooLargeForAnother) {
  AffinityTable table{64, 9};
  table.note(7, (1U << 20) + 3, at(0));
  EXPECT_EQ(table.find(7, at(0), kTimeout), lb::kNoBackend);
}

}  // namespace
}  // namespace sluice::dataplane
