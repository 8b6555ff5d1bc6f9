#include "conf/duration.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>

namespace sluice::conf {
namespace {

using std::chrono::nanoseconds;

struct Unit {
  std::string_view name;
  nanoseconds length;
};
constexpr std::array<Unit, 7> kUnits{{
    {"ns", std::chrono::nanoseconds{1}},
    {"us", std::chrono::microseconds{1}},
    {"ms", std::chrono::milliseconds{1}},
    {"s", std::chrono::seconds{1}},
    {"m", std::chrono::minutes{1}},
    {"h", std::chrono::hours{1}},
    {"d", std::chrono::hours{24}},
}};

const Unit* find_unit(std::string_view name) {
  const auto* unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.name == name; });
  return unit == kUnits.end() ? nullptr : unit;
}

}  // namespace

base::Result<nanoseconds> parse_duration(std::string_view text) {
  const auto wrong = [&] {
    return base::fail("expected a duration like 50us, 5s or 2h4m, got '" + std::string{text} + "'");
  };
  if (text == "0") return nanoseconds{0};
  if (text.empty()) return wrong();
  nanoseconds sum{0};
  for (std::string_view rest = text; !rest.empty();) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc{}) return wrong();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const auto name = rest.substr(0, rest.find_first_of("0123456789"));
    const Unit* unit = find_unit(name);
    if (unit == nullptr) return wrong();
    const auto room = static_cast<std::uint64_t>((nanoseconds::max() - sum) / unit->length);
    if (number > room) return base::fail("duration: '" + std::string{text} + "' is more than 292 years");
    sum += static_cast<std::int64_t>(number) * unit->length;
    rest.remove_prefix(name.size());
  }
  return sum;
}

}  // namespace sluice::conf
