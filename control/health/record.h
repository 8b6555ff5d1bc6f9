#pragma once
// What the probes of one health port have shown. Pure: `now` is passed in.
//
// A port passes from its `rise`-th success in a row on, and fails from its `fall`-th failure in a row on. Before its
// first success it is awaited, or trusted: its node gets new flows already, for want of a better one.

#include <chrono>
#include <cstdint>
#include <map>

#include "net/address.h"

namespace sluice::control::health {

// Where one asks: a healthCheckNodePort, or the health port of a node's proxy.
struct Target {
  net::IpAddress address;
  std::uint16_t port = 0;

  friend auto operator<=>(const Target&, const Target&) = default;
};

enum class Answer : std::uint8_t {
  kYes,      // 2xx
  kNo,       // Another HTTP status: somebody is there, and says that it does not serve.
  kSilence,  // Refused, unreachable, no whole answer in time.
};

enum class Trust : std::uint8_t { kNone, kGranted };

enum class Standing : std::uint8_t {
  kPasses,
  kTrusted,  // Nothing heard yet, good or bad.
  kAwaited,  // No success yet, and asked for no longer than the grace.
  kFails,
};

// What decisions are made from.
struct Seen {
  Standing standing = Standing::kAwaited;
  Answer last = Answer::kSilence;  // Of those that count: kYes while it passes.

  bool operator==(const Seen&) const = default;
};
using View = std::map<Target, Seen>;

struct Rules {
  unsigned rise = 1;
  unsigned fall = 2;
};

// So long the successor of a draining node is waited for. Node proxies write their rules within a second or so.
inline constexpr std::chrono::seconds kGrace{3};

class Record {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Record(Trust trust, TimePoint now);

  void note(Answer answer, const Rules& rules, TimePoint now);

  const Seen& seen() const { return seen_; }
  // Its first success may come at any moment: worth asking often.
  bool is_urgent(TimePoint now) const;

 private:
  void note_failure(Answer answer, const Rules& rules, TimePoint now);

  Seen seen_;
  TimePoint since_;
  unsigned successes_ = 0;  // In a row.
  unsigned failures_ = 0;
};

}  // namespace sluice::control::health
