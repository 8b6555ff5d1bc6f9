#pragma once
// What the configuration file says together with what it points at, so that all mistakes of both are shown at once.

#include <vector>

#include "conf/load.h"
#include "control/cluster_options.h"
#include "control/ipam/pool.h"

namespace sluice::control {

struct Configuration {
  conf::Loaded file;
  std::vector<ipam::Pool> pools;
  std::vector<ClusterOptions> clusters;

  bool ok() const { return file.ok(); }  // Only then is it to be used.
};

// Looks also at what is left of a file with mistakes; what it finds is put among them.
Configuration examine(conf::Loaded file);

}  // namespace sluice::control
