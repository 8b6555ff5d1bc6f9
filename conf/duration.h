#pragma once
// Durations as people write them: numbers with units, "2h4m", "1m30s", "50us"; nothing but "0" goes without a unit.
// Units: ns, us, ms, s, m, h, d. Whole numbers, not negative, at most 292 years.

#include <chrono>
#include <string_view>

#include "base/result.h"

namespace sluice::conf {

base::Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace sluice::conf
