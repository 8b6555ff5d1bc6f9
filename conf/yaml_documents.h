#pragma once
// Whether a YAML text has more than one document. YAML::LoadAll() is of no use for that: where a document begins with a
// stray ",", it reads empty ones for ever.

#include <optional>
#include <string>

#include "conf/problem.h"

namespace sluice::conf {

// Where the second document begins, if there is one. Throws YAML::Exception for what is no YAML.
std::optional<Position> second_document(const std::string& text);

}  // namespace sluice::conf
