#pragma once
// What runs short is said before it has run out: SNAT ports and the room for flows. Pure.
//
// Short from 80 % on, and until there is less than 70 % in use, so that nobody is told twice a second.

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "dataplane/counters.h"

namespace sluice::control {

// Something that new flows need and that may run out.
struct Resource {
  std::string name;  // "room for flows of worker 0"
  std::uint64_t in_use = 0;
  std::uint64_t capacity = 0;  // Zero: there is none to run out of.
  std::string remedy;          // "raise workers.flows_max"
};

// What new flows need, from what the engine counts.
std::vector<Resource> resources_of(std::span<const std::uint64_t> flows_by_worker, std::uint64_t flows_max,
                                   std::span<const dataplane::SnatUsage> snat);

class ShortageWatch {
 public:
  // A sentence about each that is short now.
  std::vector<std::string> look(std::span<const Resource> resources);

 private:
  std::set<std::string> short_;  // By name.
};

}  // namespace sluice::control
