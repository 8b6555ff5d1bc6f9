#pragma once
// The named end of a packet. See verdict_list.h, from which everything here is made.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::dataplane {

enum class Verdict : std::uint8_t {
#define SLUICE_VERDICT(identifier, name, description) identifier,
#include "dataplane/verdict_list.h"
#undef SLUICE_VERDICT
};

struct VerdictInfo {
  Verdict verdict;
  std::string_view name;         // snake_case, for counters and output
  std::string_view description;  // what happened, for a person
};

inline constexpr auto kVerdicts = std::to_array<VerdictInfo>({
#define SLUICE_VERDICT(identifier, name, description) {Verdict::identifier, name, description},
#include "dataplane/verdict_list.h"
#undef SLUICE_VERDICT
});
inline constexpr std::size_t kVerdictCount = kVerdicts.size();

constexpr std::size_t index(Verdict verdict) { return static_cast<std::size_t>(verdict); }
constexpr std::string_view name(Verdict verdict) { return kVerdicts[index(verdict)].name; }
constexpr bool is_drop(Verdict verdict) { return name(verdict).starts_with("drop_"); }
// The packet became one of our own, which goes out where it came in.
constexpr bool is_reply(Verdict verdict) { return name(verdict).starts_with("reply"); }
// Such an answer to a packet that would be a drop without it.
constexpr bool is_refusal(Verdict verdict) { return name(verdict).starts_with("reply_"); }
static_assert(is_drop(Verdict::kDropTooLong) && is_reply(Verdict::kReply) && !is_drop(Verdict::kReplyReset));

}  // namespace sluice::dataplane
