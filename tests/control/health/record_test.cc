#include "control/health/record.h"

#include <gtest/gtest.h>

namespace sluice::control::health {
namespace {

using namespace std::chrono_literals;

constexpr Record::TimePoint kStart{};

struct Row {
  const char* what;
  Trust trust;
  const char* answers;  // One a second: 'y'es, 'n'o, '-' for silence.
  Seen seen;
};

Answer answer_of(char letter) {
  if (letter == 'y') return Answer::kYes;
  return letter == 'n' ? Answer::kNo : Answer::kSilence;
}

Seen seen_after(const Row& row, const Rules& rules) {
  Record record{row.trust, kStart};
  auto now = kStart;
  for (const char* letter = row.answers; *letter != '\0'; ++letter) record.note(answer_of(*letter), rules, now += 1s);
  return record.seen();
}

TEST(Record, PassesAfterOneSuccessAndFailsAfterTwoFailures) {
  const Seen passes{Standing::kPasses, Answer::kYes}, trusted{Standing::kTrusted, Answer::kSilence};
  const Seen awaited_silent{Standing::kAwaited, Answer::kSilence}, awaited_no{Standing::kAwaited, Answer::kNo};
  const Seen fails_silent{Standing::kFails, Answer::kSilence}, fails_no{Standing::kFails, Answer::kNo};
  const Row rows[] = {
      {"nothing asked", Trust::kNone, "", awaited_silent},
      {"the first success lets it in", Trust::kNone, "y", passes},
      {"also after failures", Trust::kNone, "n-y", passes},
      {"a no is remembered", Trust::kNone, "-n", awaited_no},
      {"silent within the grace", Trust::kNone, "---", awaited_silent},
      {"silent beyond it", Trust::kNone, "----", fails_silent},
      {"no beyond it", Trust::kNone, "---n", fails_no},
      {"late is not too late", Trust::kNone, "-----y", passes},
      {"one failure is none", Trust::kNone, "y-", passes},
      {"failures in a row count", Trust::kNone, "y-y-", passes},
      {"two take it out", Trust::kNone, "y--", fails_silent},
      {"of whatever kind", Trust::kNone, "y-n", fails_no},
      {"one success brings it back", Trust::kNone, "y--y", passes},
      {"what fails is described by its last answer", Trust::kNone, "y--n", fails_no},
      {"trusted without any answer", Trust::kGranted, "", trusted},
      {"trusted through one silence", Trust::kGranted, "-", trusted},
      {"trust ends with the second", Trust::kGranted, "--", awaited_silent},
      {"and is lost beyond the grace", Trust::kGranted, "----", fails_silent},
      {"trust ends with a no", Trust::kGranted, "n", awaited_no},
      {"trust that proved right", Trust::kGranted, "y", passes},
  };
  for (const Row& row : rows) EXPECT_EQ(seen_after(row, {}), row.seen) << row.what;
}

TEST(Record, CountsAsItsRulesSay) {
  const Rules rules{.rise = 2, .fall = 3};
  const auto standing = [&](const char* answers) {
    return seen_after({"", Trust::kNone, answers, {}}, rules).standing;
  };
  EXPECT_EQ(standing("y"), Standing::kAwaited);
  EXPECT_EQ(standing("y-y"), Standing::kAwaited);
  EXPECT_EQ(standing("yy"), Standing::kPasses);
  EXPECT_EQ(standing("yy--"), Standing::kPasses);
  EXPECT_EQ(standing("yy---"), Standing::kFails);
  EXPECT_EQ(standing("yy---y"), Standing::kFails);
  EXPECT_EQ(standing("yy---yy"), Standing::kPasses);
}

TEST(Record, IsUrgentUntilItsFirstSuccessOrTheEndOfTheGrace) {
  Record record{Trust::kNone, kStart};
  EXPECT_TRUE(record.is_urgent(kStart));
  EXPECT_TRUE(record.is_urgent(kStart + kGrace));
  EXPECT_FALSE(record.is_urgent(kStart + kGrace + 1ns));
  record.note(Answer::kYes, {}, kStart + 1s);
  EXPECT_FALSE(record.is_urgent(kStart + 1s));
}

}  // namespace
}  // namespace sluice::control::health
