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

// Networks that no host has an address of: RFC 1122 3.2.1.3, RFC 5771, RFC 919.
constexpr std::array kNobodys{"0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32"};

void expect_somebodys(const AddressRange& range, const std::string& text, Findings& findings, const std::string& path) {
  for (const char* network : kNobodys) {
    if (!parse_address_range(network)->overlaps(range)) continue;
    return findings.add(path, "'" + text + "' has addresses of " + network + ", which no host can have");
  }
}

void check_range(const std::string& text, TakenAddresses& taken, Findings& findings, const std::string& path) {
  const auto range = parse_address_range(text);
  expect(range, findings, path);
  if (!range) return;
  expect_somebodys(*range, text, findings, path);
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
    if (const auto address = net::Ipv4Address::parse(config.snat().addresses(i))) {
      expect_somebodys({*address, *address}, config.snat().addresses(i), findings, path);
    }
    addresses.add(config.snat().addresses(i), path);
  }
  const auto ports = parse_port_range(config.snat().ports());
  expect(ports, findings, "snat.ports");
  if (ports && ports->last - ports->first + 1U < config.workers().count()) {
    findings.add("snat.ports", "fewer ports than workers; each needs some of its own");
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
      check_range(pool.ranges(j), taken, findings, element(child(path, "ranges"), j));
    }
  }
}

}  // namespace sluice::conf
