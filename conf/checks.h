#pragma once
// The parts of validate(), one for each part of the configuration, and what they have in common.

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "conf/problem.h"

namespace sluice::conf {

class Config;

void check_process(const Config& config, Findings& findings);  // engine, files, dpdk, workers
void check_health(const Config& config, Findings& findings);
void check_timeouts(const Config& config, Findings& findings);
void check_ports(const Config& config, Findings& findings);
void check_snat(const Config& config, Findings& findings);
void check_pools(const Config& config, Findings& findings);
void check_clusters(const Config& config, Findings& findings);

// Reports the error of a parse.
template <typename T>
void expect(const base::Result<T>& result, Findings& findings, const std::string& path) {
  if (!result) findings.add(path, result.message());
}

struct Bounds {  // both included
  unsigned first;
  unsigned last;
};
void expect_within(Bounds bounds, unsigned value, Findings& findings, const std::string& path);

void expect_address(const std::string& text, Findings& findings, const std::string& path);

// Names of ports, pools and clusters: 1 to 63 letters, digits, '-', '_' and '.'; they become labels of metrics.
void expect_name(std::string_view name, Findings& findings, const std::string& path);

// Values that must not come twice; remembers where they came first.
class Unique {
 public:
  explicit Unique(Findings& findings) : findings_{&findings} {}
  // False if it came already. Empty values are passed over.
  bool add(const std::string& value, const std::string& path);

 private:
  Findings* findings_;
  std::map<std::string, std::string, std::less<>> first_;
};

}  // namespace sluice::conf
