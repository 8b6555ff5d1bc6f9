#include "conf/problem.h"

namespace sluice::conf {

std::string to_string(const Problem& problem, std::string_view file) {
  std::string text{file};
  if (problem.line > 0) text += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
  if (!problem.path.empty()) text += ": " + problem.path;
  return text + ": " + problem.message;
}

bool is_within(std::string_view path, std::string_view outer) {
  if (path.substr(0, outer.size()) != outer) return false;
  return outer.size() == path.size() || outer.empty() || path[outer.size()] == '.' || path[outer.size()] == '[';
}

Position Positions::of(std::string_view path) const {
  while (!path.empty()) {
    if (const auto found = positions_.find(path); found != positions_.end()) return found->second;
    const auto end = path.find_last_of(".[");
    path = end == std::string_view::npos ? "" : path.substr(0, end);
  }
  return {1, 1};
}

}  // namespace sluice::conf
