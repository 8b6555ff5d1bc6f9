#pragma once
// What all benchmarks share: rounds, figures beside their budgets, the two forms of output, the command line.
//
// The machine is shared and its speed changes, so a figure is the best round of several; the median stands beside it.

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/cycles.h"

namespace sluice::bench {

struct Figure {
  std::string name;
  std::size_t flows = 0;  // 0: has nothing to do with flows
  std::string unit;
  double value = 0;      // of the best round
  double median = 0;     // of all rounds
  double reference = 0;  // the budget; 0: none
};

struct BestAndMedian {
  double best = 0;
  double median = 0;
};

inline BestAndMedian best_and_median(std::vector<double> rounds) {
  std::sort(rounds.begin(), rounds.end());
  return {rounds.front(), rounds[rounds.size() / 2]};
}

// Cycles an operation.
template <typename Work>
BestAndMedian best_and_median(int rounds, std::size_t operations, Work&& work) {
  std::vector<double> values;
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t start = cycles();
    work();
    values.push_back(static_cast<double>(cycles() - start) / static_cast<double>(operations));
  }
  return best_and_median(std::move(values));
}

// Cycles a packet of full NAT that a table of so many flows may cost (docs: the budget of the packet path).
inline double cycles_budget(std::size_t flows) { return flows <= 65'536 ? 45 : flows <= 2'000'000 ? 80 : 130; }

enum class Format { kText, kJson };

// A table, or an object a line with the fields name, flows, unit, value, median, reference and ratio; null: none.
void print(const std::vector<Figure>& figures, Format format);

struct Options {
  std::vector<std::size_t> flow_counts;
  Format format = Format::kText;
  std::size_t once = 0;  // packets; 0: measure
};

// `[--flows N]... [--once N] [--json]`. On a mistake prints the usage and ends the program.
Options parse_options(int argument_count, char** arguments, std::vector<std::size_t> default_flow_counts);

}  // namespace sluice::bench
