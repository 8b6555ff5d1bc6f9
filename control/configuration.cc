#include "control/configuration.h"

#include "conf/config.pb.h"

namespace sluice::control {
namespace {

lb::Delivery delivery_of(conf::Delivery delivery) {
  switch (delivery) {
    case conf::DELIVERY_DNAT: return lb::Delivery::kDnat;
    case conf::DELIVERY_DSR: return lb::Delivery::kDsr;
    default: return lb::Delivery::kFullNat;
  }
}

ipam::Pool pool_of(const conf::Pool& pool, const std::string& path, conf::Findings& findings) {
  ipam::Pool made{.name = pool.name(),
                  .auto_assign = pool.auto_assign(),
                  .delivery = delivery_of(pool.delivery()),
                  .avoid_buggy_ips = pool.avoid_buggy_ips()};
  for (int i = 0; i < pool.ranges_size(); ++i) {
    const auto range = ipam::AddressRange::parse(pool.ranges(i));
    if (range) {
      made.ranges.push_back(*range);
    } else {
      findings.add(conf::element(path, i), range.message());
    }
  }
  if (made.is_empty()) {
    findings.add(
        path,
        "no address is left to give: IPv6 addresses that end in 64 zero bits are never given, and IPv4 addresses "
        "that end in .0 or .255 not with avoid_buggy_ips");
  }
  return made;
}

}  // namespace

Configuration examine(conf::Loaded file) {
  Configuration made{.file = std::move(file)};
  conf::Findings findings{made.file.positions};
  for (int i = 0; i < made.file.config.pools_size(); ++i) {
    const std::string path = conf::child(conf::element("pools", i), "ranges");
    made.pools.push_back(pool_of(made.file.config.pools(i), path, findings));
  }
  made.clusters = cluster_options(made.file, findings);
  made.file.add(findings.take());
  return made;
}

}  // namespace sluice::control
