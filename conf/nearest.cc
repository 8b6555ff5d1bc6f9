#include "conf/nearest.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace sluice::conf {
namespace {

// Levenshtein's distance, row by row.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known) {
  std::string_view best;
  std::size_t least = word.size() + 1;
  for (const std::string_view candidate : known) {
    const std::size_t edits = distance(word, candidate);
    const std::size_t edits_max = (std::max(word.size(), candidate.size()) + 2) / 3;
    if (edits < least && edits <= edits_max) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

}  // namespace sluice::conf
