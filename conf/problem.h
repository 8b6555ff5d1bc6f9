#pragma once
// What is wrong with a configuration file, and where. Lines and columns count from 1; 0 is the file as a whole.
// A path says which value is meant: "pools[0].ranges[1]"; the empty path is the whole file.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::conf {

struct Problem {
  int line = 0;
  int column = 0;
  std::string path;
  std::string message;
};

// "sluice.yaml:14:9: pools[0].ranges[1]: expected CIDR or FIRST-LAST, got '10.0.0'"
std::string to_string(const Problem& problem, std::string_view file);

struct Position {
  int line = 0;
  int column = 0;
};

// Whether the value at `path` is the one at `outer` or a part of it.
bool is_within(std::string_view path, std::string_view outer);

// Where the values of a file stand.
class Positions {
 public:
  void set(std::string path, Position position) { positions_[std::move(path)] = position; }
  Position of(std::string_view path) const;  // of what contains it, where the file does not have it

 private:
  std::map<std::string, Position, std::less<>> positions_;
};

// Collects problems and finds their positions.
class Findings {
 public:
  explicit Findings(const Positions& positions) : positions_{&positions} {}
  void add(std::string path, std::string message) {
    const auto [line, column] = positions_->of(path);
    problems_.push_back({line, column, std::move(path), std::move(message)});
  }
  std::vector<Problem> take() { return std::move(problems_); }

 private:
  const Positions* positions_;
  std::vector<Problem> problems_;
};

inline std::string child(std::string_view path, std::string_view key) {
  return path.empty() ? std::string{key} : std::string{path} + "." + std::string{key};
}
inline std::string element(std::string_view path, int index) {
  return std::string{path} + "[" + std::to_string(index) + "]";
}

}  // namespace sluice::conf
