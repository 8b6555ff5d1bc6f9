#include "control/health/decide.h"

#include <gtest/gtest.h>

namespace sluice::control::health {
namespace {

const std::optional<Seen> kUnasked;
const std::optional<Seen> kPassing = Seen{Standing::kPasses, Answer::kYes};
const std::optional<Seen> kTrusting = Seen{Standing::kTrusted, Answer::kSilence};
const std::optional<Seen> kAwaitedSilent = Seen{Standing::kAwaited, Answer::kSilence};
const std::optional<Seen> kAwaitedNo = Seen{Standing::kAwaited, Answer::kNo};
const std::optional<Seen> kSilent = Seen{Standing::kFails, Answer::kSilence};
const std::optional<Seen> kSaysNo = Seen{Standing::kFails, Answer::kNo};

Candidate in(const std::optional<Seen>& seen) { return {Word::kIn, seen}; }
Candidate draining(const std::optional<Seen>& seen) { return {Word::kDraining, seen}; }
Candidate out(const std::optional<Seen>& seen) { return {Word::kOut, seen}; }

// "in draining out", with the reasons behind.
std::string text_of(const std::vector<Decision>& decisions) {
  std::string text;
  for (const auto& decision : decisions) {
    const char* word = decision.word == Word::kIn ? "in" : decision.word == Word::kDraining ? "draining" : "out";
    text += (text.empty() ? "" : ", ") + std::string{word};
    if (!decision.reason.empty()) text += " (" + decision.reason + ")";
  }
  return text;
}

struct Row {
  const char* what;
  std::vector<Candidate> candidates;
  const char* decisions;
};

void expect(const std::vector<Row>& rows) {
  for (const Row& row : rows) EXPECT_EQ(text_of(decide(row.candidates)), row.decisions) << row.what;
}

TEST(Decide, LetsOnlyThoseInThatPassAsLongAsOneDoes) {
  expect({
      {"all well", {in(kPassing), in(kPassing)}, "in, in"},
      {"a new one waits", {in(kPassing), in(kUnasked)}, "in, out (waits for the first answer of its health port)"},
      {"while its port is silent",
       {in(kPassing), in(kAwaitedSilent)},
       "in, out (waits: its health port is silent so far)"},
      {"and while it says no", {in(kPassing), in(kAwaitedNo)}, "in, out (waits: its health port says no so far)"},
      {"one that died drains", {in(kPassing), in(kSilent)}, "in, draining (its health port is silent)"},
      {"and so does one that says no", {in(kPassing), in(kSaysNo)}, "in, draining (its health port says no)"},
      {"trust goes on until it is answered", {in(kPassing), in(kTrusting)}, "in, in"},
      {"what the slices rule out stays out", {in(kPassing), out(kPassing), draining(kPassing)}, "in, out, draining"},
  });
}

TEST(Decide, GoesByTheSlicesAloneWhenNonePasses) {
  expect({
      {"nothing there", {}, ""},
      {"nothing asked yet", {in(kUnasked), in(kUnasked), out(kUnasked)}, "in, in, out"},
      {"nothing heard yet", {in(kTrusting), in(kTrusting)}, "in, in"},
      {"all silent",
       {in(kSilent), in(kSilent)},
       "in (no health port of the Service says yes, so the slices alone count), "
       "in (no health port of the Service says yes, so the slices alone count)"},
      {"all say no", {in(kSaysNo)}, "in (no health port of the Service says yes, so the slices alone count)"},
      {"a new one among mute ones",
       {in(kSilent), in(kUnasked)},
       "in (no health port of the Service says yes, so the slices alone count), in"},
      {"trust alone holds nobody back",
       {in(kTrusting), in(kSilent)},
       "in, in (no health port of the Service says yes, so the slices alone count)"},
      {"a draining one drains",
       {in(kSilent), draining(kSilent)},
       "in (no health port of the Service says yes, so the slices alone count), draining"},
  });
}

TEST(Decide, LetsADrainingNodeGoOnUntilASuccessorAnswers) {
  const char* const waiting =
      "in (goes on until a successor's health port says yes), out (waits for the first answer of its health port)";
  expect({
      {"the old one passes", {draining(kPassing), in(kUnasked)}, waiting},
      {"the old one says no, as proxies do that drain", {draining(kSaysNo), in(kUnasked)}, waiting},
      {"the successor says no so far",
       {draining(kPassing), in(kAwaitedNo)},
       "in (goes on until a successor's health port says yes), out (waits: its health port says no so far)"},
      {"the successor has answered", {draining(kPassing), in(kPassing)}, "draining, in"},
      {"another one serves",
       {draining(kPassing), in(kPassing), in(kUnasked)},
       "draining, in, out (waits for the first answer of its health port)"},
      {"the old one is dead", {draining(kSilent), in(kUnasked)}, "draining, in"},
      {"the old one was never asked", {draining(kUnasked), in(kUnasked)}, "draining, in"},
      {"the successor is overdue",
       {draining(kPassing), in(kSilent)},
       "draining, in (no health port of the Service says yes, so the slices alone count)"},
      {"the successor is trusted", {draining(kPassing), in(kTrusting)}, "draining, in"},
  });
}

}  // namespace
}  // namespace sluice::control::health
