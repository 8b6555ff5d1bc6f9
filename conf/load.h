#pragma once
// Reads a configuration file. All that is wrong with it is said at once, in the order of the file.

#include <string>
#include <string_view>
#include <vector>

#include "conf/config.pb.h"
#include "conf/problem.h"

namespace sluice::conf {

struct Loaded {
  Config config;                  // With defaults applied. Unless ok(), only to look for more problems.
  std::vector<Problem> problems;  // In the order of the file.
  Positions positions;            // Of the values, for those who find more wrong with them.

  bool ok() const { return problems.empty(); }
  // Takes in what else is wrong. What is about a value that has a problem already, or a part of it, is left out: it
  // only follows from that.
  void add(std::vector<Problem> found);
};

Loaded load(std::string_view yaml_text);
Loaded load_file(const std::string& path);  // A file that cannot be read is a problem without a line.

}  // namespace sluice::conf
