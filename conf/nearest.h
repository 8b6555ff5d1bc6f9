#pragma once
// Guesses what was meant by a word that nobody knows.

#include <string_view>
#include <vector>

namespace sluice::conf {

// The known word with the least insertions, deletions and replacements; empty when none is within a third of
// the longer one's length.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace sluice::conf
