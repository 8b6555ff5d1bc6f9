#include "conf/validate.h"

#include "conf/checks.h"

namespace sluice::conf {

std::vector<Problem> validate(const Config& config, const Positions& positions) {
  Findings findings{positions};
  check_process(config, findings);
  check_ports(config, findings);
  check_snat(config, findings);
  check_pools(config, findings);
  check_clusters(config, findings);
  check_health(config, findings);
  check_timeouts(config, findings);
  return findings.take();
}

}  // namespace sluice::conf
