// The configuration file's reader on any text: it answers, with problems that name lines of the file.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "conf/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto lines = std::ranges::count(text, '\n') + 1;
  for (const auto& problem : sluice::conf::load(text).problems) {
    if (sluice::conf::to_string(problem, "f").empty() || problem.line > lines + 1) std::abort();
  }
  return 0;
}
