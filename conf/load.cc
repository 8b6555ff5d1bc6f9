#include "conf/load.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <tuple>
#include <utility>

#include "conf/defaults.h"
#include "conf/validate.h"
#include "conf/yaml_reader.h"

namespace sluice::conf {
namespace {

bool contains(std::string_view outer, std::string_view inner) {
  if (inner.substr(0, outer.size()) != outer) return false;
  return outer.size() == inner.size() || outer.empty() || inner[outer.size()] == '.' || inner[outer.size()] == '[';
}

// What could not be read is not judged as well.
bool was_readable(std::string_view path, const std::vector<Problem>& reading) {
  return std::none_of(reading.begin(), reading.end(), [&](const Problem& problem) {
    return contains(path, problem.path) || contains(problem.path, path);
  });
}

}  // namespace

Loaded load(std::string_view yaml_text) {
  Loaded loaded;
  Reading reading = read_yaml(yaml_text, loaded.config);
  loaded.problems = reading.problems;
  apply_defaults(loaded.config);
  for (Problem& problem : validate(loaded.config, reading.positions)) {
    if (was_readable(problem.path, reading.problems)) loaded.problems.push_back(std::move(problem));
  }
  std::stable_sort(loaded.problems.begin(), loaded.problems.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  loaded.positions = std::move(reading.positions);
  return loaded;
}

Loaded load_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  file.peek();  // What opens may still not be readable: a directory.
  if (file.fail()) {
    Loaded loaded;
    loaded.problems.push_back({0, 0, "", std::string{"cannot be read: "} + std::strerror(errno)});
    return loaded;
  }
  std::ostringstream text;
  text << file.rdbuf();
  return load(text.str());
}

}  // namespace sluice::conf
