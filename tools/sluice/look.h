#pragma once
// `sluice capture` and `sluice trace`: asks, and writes what comes until it ends or a signal ends it.

#include "tools/sluice/command_line.h"

namespace sluice::cli {

// Answers the exit status. Complaints and the numbers at the end go to stderr.
int look_at_packets(const CommandLine& line);

}  // namespace sluice::cli
