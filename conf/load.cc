#include "conf/load.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include "conf/defaults.h"
#include "conf/validate.h"
#include "conf/yaml_reader.h"

namespace sluice::conf {
namespace {

bool is_about_the_same(const Problem& one, const Problem& other) {
  return is_within(one.path, other.path) || is_within(other.path, one.path);
}

}  // namespace

void Loaded::add(std::vector<Problem> found) {
  std::erase_if(found, [&](const Problem& one) {
    return std::ranges::any_of(problems, [&](const Problem& known) { return is_about_the_same(one, known); });
  });
  std::ranges::move(found, std::back_inserter(problems));
  std::ranges::stable_sort(problems, {}, [](const Problem& one) { return std::pair{one.line, one.column}; });
}

Loaded load(std::string_view yaml_text) {
  Loaded loaded;
  Reading reading = read_yaml(yaml_text, loaded.config);
  loaded.problems = std::move(reading.problems);
  loaded.positions = std::move(reading.positions);
  apply_defaults(loaded.config);
  loaded.add(validate(loaded.config, loaded.positions));
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
