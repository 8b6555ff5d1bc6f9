#include "control/health/record.h"

namespace sluice::control::health {

Record::Record(Trust trust, TimePoint now) : since_{now} {
  if (trust == Trust::kGranted) seen_.standing = Standing::kTrusted;
}

void Record::note(Answer answer, const Rules& rules, TimePoint now) {
  if (answer != Answer::kYes) return note_failure(answer, rules, now);
  failures_ = 0;
  if (++successes_ < rules.rise) return;
  seen_ = {.standing = Standing::kPasses, .last = Answer::kYes};
}

void Record::note_failure(Answer answer, const Rules& rules, TimePoint now) {
  successes_ = 0;
  ++failures_;
  switch (seen_.standing) {
    case Standing::kTrusted:
      // The node's proxy has no rules so far. A plain "no" is sure of it; silence for a moment may be chance.
      if (answer == Answer::kNo || failures_ >= rules.fall) seen_ = {.standing = Standing::kAwaited, .last = answer};
      break;
    case Standing::kPasses:
      if (failures_ >= rules.fall) seen_ = {.standing = Standing::kFails, .last = answer};
      break;
    case Standing::kAwaited:
      seen_.last = answer;
      if (now - since_ > kGrace) seen_.standing = Standing::kFails;
      break;
    case Standing::kFails: seen_.last = answer; break;
  }
}

bool Record::is_urgent(TimePoint now) const {
  const bool is_open = seen_.standing == Standing::kTrusted || seen_.standing == Standing::kAwaited;
  return is_open && now - since_ <= kGrace;
}

}  // namespace sluice::control::health
