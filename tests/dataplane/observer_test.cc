#include "dataplane/observer.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/pipeline.h"
#include "tests/cases/case.h"

namespace sluice::dataplane {
namespace {

using ::testing::ElementsAre;

constexpr std::array kNames{"parse", "answer", "owner", "classify", "steer", "rewrite"};
static_assert(kNames.size() == kStepCount);

// Writes down what it is told.
class Diary final : public Observer {
 public:
  void arrived(Burst& burst) override { lines.push_back(std::to_string(burst.size()) + " arrived"); }
  void after(Step step, const Packet&, Verdict verdict) override {
    lines.push_back(std::string{kNames[index(step)]} + " " + std::string{name(verdict)});
  }
  std::vector<std::string> lines;
};

std::vector<std::string> diary_of(const cases::Frame& frame, unsigned workers = 1) {
  Pipeline pipeline{{.workers = workers, .flows_max = 16, .seed = 1, .snat_addresses = {cases::kSnat}}};
  auto bytes = cases::bytes_of(frame);
  const auto length = static_cast<std::uint16_t>(bytes.size());
  bytes.resize(200);
  Burst burst;
  burst.add(bytes.data(), length, cases::kWan, nullptr, static_cast<std::uint16_t>(bytes.size()));
  Diary diary;
  pipeline.process(*cases::make_snapshot(1), 0, burst, diary);
  diary.lines.emplace_back(name(burst[0].verdict));
  return diary.lines;
}

TEST(Observer, IsToldOfEachStepInItsOrder) {
  EXPECT_THAT(diary_of(cases::from_client(80, net::kTcpSyn)),
              ElementsAre("1 arrived", "parse continue", "answer continue", "classify continue", "steer continue",
                          "rewrite to_node", "to_node"));
}

TEST(Observer, IsToldOfNoStepThatDidNotLook) {
  EXPECT_THAT(diary_of(cases::from_client(81, net::kTcpSyn)),
              ElementsAre("1 arrived", "parse continue", "answer continue", "classify drop_no_service", "reply_reset"));
}

TEST(Observer, IsToldWhoOwnsAPacketWhereThereAreSeveralWorkers) {
  std::size_t handed_over = 0;
  for (std::uint16_t port = 1000; port < 1020; ++port) {
    auto frame = cases::from_client(80, net::kTcpSyn);
    frame.source_port = port;
    const auto lines = diary_of(frame, 2);
    ASSERT_GT(lines.size(), 3U);
    if (lines.back() != "to_worker") continue;
    ++handed_over;
    EXPECT_THAT(lines, ElementsAre("1 arrived", "parse continue", "answer continue", "owner to_worker", "to_worker"));
  }
  EXPECT_GT(handed_over, 0U);
}

TEST(Observer, ChangesNothing) {
  for (const auto& [name, steps] : cases::tcp_cases()) {
    const auto& frame = steps.front().in;
    Pipeline alone{{.flows_max = 16, .seed = 1, .snat_addresses = {cases::kSnat}}};
    Pipeline watched{{.flows_max = 16, .seed = 1, .snat_addresses = {cases::kSnat}}};
    auto one = steps.front().raw_in.empty() ? cases::bytes_of(frame) : steps.front().raw_in, other = one;
    const auto length = static_cast<std::uint16_t>(one.size());
    Burst first, second;
    first.add(one.data(), length, steps.front().port, nullptr);
    second.add(other.data(), length, steps.front().port, nullptr);
    Diary diary;
    alone.process(*cases::make_snapshot(1), 0, first);
    watched.process(*cases::make_snapshot(1), 0, second, diary);
    EXPECT_EQ(first[0].verdict, second[0].verdict) << name;
    EXPECT_EQ(one, other) << name;
  }
}

}  // namespace
}  // namespace sluice::dataplane
