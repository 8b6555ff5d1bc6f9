#include <algorithm>
#include <array>
#include <vector>

#include "conf/checks.h"
#include "conf/config.pb.h"
#include "conf/syntax.h"

namespace sluice::conf {
namespace {

struct Placed {
  AddressRange range;
  std::string text;
  std::string path;
};

// Nobody may get an address that another pool gives, or that belongs to the appliance or to its gateways.
class TakenAddresses {
 public:
  void add(const std::string& text, const std::string& path) {
    if (const auto range = parse_address_range(text)) taken_.push_back({*range, text, path});
  }
  const Placed* find(const AddressRange& range) const {
    for (const Placed& placed : taken_) {
      if (placed.range.overlaps(range)) return &placed;
    }
    return nullptr;
  }

 private:
  std::vector<Placed> taken_;
};

void add_port(const Port& port, TakenAddresses& taken, const std::string& path) {
  for (int i = 0; i < port.addresses_size(); ++i) {
    const std::string& text = port.addresses(i);
    taken.add(text.substr(0, text.find('/')), element(child(path, "addresses"), i));
  }
  for (int i = 0; i < port.routes_size(); ++i) {
    taken.add(port.routes(i).via(), child(element(child(path, "routes"), i), "via"));
  }
}

TakenAddresses own_addresses(const Config& config) {
  TakenAddresses taken;
  for (int i = 0; i < config.ports_size(); ++i) add_port(config.ports(i), taken, element("ports", i));
  for (int i = 0; i < config.snat().addresses_size(); ++i) {
    taken.add(config.snat().addresses(i), element("snat.addresses", i));
  }
  return taken;
}

// Networks whose addresses nobody can be reached at from elsewhere.
struct Unfit {
  const char* network;
  const char* why;
};
constexpr unsigned kPortsOfWorkersMin = 64;  // Fewer leave a worker none towards some nodes.
constexpr const char* kNoHost = "which no host can have";
constexpr std::array kUnfit{
    Unfit{"0.0.0.0/8", kNoHost},           // RFC 1122 3.2.1.3
    Unfit{"127.0.0.0/8", kNoHost},         // the same
    Unfit{"224.0.0.0/4", kNoHost},         // RFC 5771
    Unfit{"255.255.255.255/32", kNoHost},  // RFC 919
    Unfit{"::/127", kNoHost},              // RFC 4291 2.5.2, 2.5.3: unspecified, loopback
    Unfit{"::ffff:0.0.0.0/96", kNoHost},   // RFC 4291 2.5.5.2: IPv4 in the clothes of IPv6
    Unfit{"ff00::/8", kNoHost},            // RFC 4291 2.7
    Unfit{"fe80::/10", "which hold on one link only"},
};

void expect_fit(const AddressRange& range, const std::string& text, Findings& findings, const std::string& path) {
  for (const Unfit& unfit : kUnfit) {
    if (!parse_address_range(unfit.network)->overlaps(range)) continue;
    return findings.add(path, "'" + text + "' has addresses of " + unfit.network + ", " + unfit.why);
  }
}

bool has_snat_of_family(const Snat& snat, const AddressRange& range) {
  return std::ranges::any_of(snat.addresses(), [&](const std::string& text) {
    const auto address = net::IpAddress::parse(text);
    return !address || address->is_v4() == range.first.is_v4();  // A wrong one is reported where it stands.
  });
}

void check_range(const std::string& text, const Snat& snat, TakenAddresses& taken, Findings& findings,
                 const std::string& path) {
  const auto range = parse_address_range(text);
  expect(range, findings, path);
  if (!range) return;
  expect_fit(*range, text, findings, path);
  if (!snat.addresses().empty() && !has_snat_of_family(snat, *range)) {
    const std::string family = range->first.is_v4() ? "IPv4" : "IPv6";
    findings.add(path, "'" + text + "' cannot be served: snat.addresses has no " + family + " address");
  }
  if (const Placed* other = taken.find(*range)) {
    findings.add(path, "'" + text + "' overlaps with '" + other->text + "' at " + other->path);
  }
  taken.add(text, path);
}

}  // namespace

void check_snat(const Config& config, Findings& findings) {
  if (config.snat().addresses().empty()) findings.add("snat.addresses", "at least one address is needed");
  Unique addresses{findings};
  for (int i = 0; i < config.snat().addresses_size(); ++i) {
    const std::string path = element("snat.addresses", i);
    expect_address(config.snat().addresses(i), findings, path);
    if (const auto address = net::IpAddress::parse(config.snat().addresses(i))) {
      expect_fit({*address, *address}, config.snat().addresses(i), findings, path);
    }
    addresses.add(config.snat().addresses(i), path);
  }
  const auto ports = parse_port_range(config.snat().ports());
  expect(ports, findings, "snat.ports");
  const unsigned workers = std::max(config.workers().count(), static_cast<unsigned>(config.workers().cpus_size()));
  if (ports && workers > 1 && ports->last - ports->first + 1U < kPortsOfWorkersMin) {
    findings.add("snat.ports", "with several workers at least " + std::to_string(kPortsOfWorkersMin) +
                                   " ports are needed; each worker has those that lead back to it");
  }
}

void check_pools(const Config& config, Findings& findings) {
  if (config.pools().empty()) findings.add("pools", "at least one pool is needed");
  Unique names{findings};
  TakenAddresses taken = own_addresses(config);
  for (int i = 0; i < config.pools_size(); ++i) {
    const Pool& pool = config.pools(i);
    const std::string path = element("pools", i);
    expect_name(pool.name(), findings, child(path, "name"));
    names.add(pool.name(), child(path, "name"));
    if (pool.ranges().empty()) findings.add(child(path, "ranges"), "at least one range is needed");
    for (int j = 0; j < pool.ranges_size(); ++j) {
      check_range(pool.ranges(j), config.snat(), taken, findings, element(child(path, "ranges"), j));
    }
  }
}

}  // namespace sluice::conf
