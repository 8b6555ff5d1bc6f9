#pragma once
// Columns of text under headings, as wide as they need to be; "-" where there is nothing to say.

#include <string>
#include <vector>

namespace sluice::cli {

class Table {
 public:
  // A heading that starts with '>' makes its column stand at the right, for numbers.
  explicit Table(std::vector<std::string> headings);

  void add(std::vector<std::string> cells);  // As many as there are headings.
  bool empty() const { return rows_.size() == 1; }
  std::string text() const;  // Every line ends; no blanks at line ends.

 private:
  std::vector<bool> is_right_;
  std::vector<std::vector<std::string>> rows_;  // The first: headings.
};

}  // namespace sluice::cli
