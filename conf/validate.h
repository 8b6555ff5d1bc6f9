#pragma once
// What makes sense in a configuration, beyond the types of its values. Looks at nothing but the configuration: whether
// files, devices and servers exist is found out by who uses them.

#include <vector>

#include "conf/problem.h"

namespace sluice::conf {

class Config;

// Everything that is wrong; `config` has its defaults applied.
std::vector<Problem> validate(const Config& config, const Positions& positions);

}  // namespace sluice::conf
