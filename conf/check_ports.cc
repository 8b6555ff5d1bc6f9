#include "conf/checks.h"
#include "conf/config.pb.h"
#include "conf/defaults.h"
#include "conf/syntax.h"

namespace sluice::conf {
namespace {

// `device`, `driver` and the wire's MTU are the parent's.
void check_vlan(const Port& port, const Config& config, Findings& findings, const std::string& path) {
  const std::string vlan = child(path, "vlan");
  const std::string wire = port.vlan().port();
  const std::string why = "a VLAN has none: its wire is that of port '" + wire + "'";
  if (!port.device().empty()) findings.add(child(path, "device"), why);
  if (port.has_driver()) findings.add(child(path, "driver"), why);
  if (!port.vlan().has_id()) {
    findings.add(child(vlan, "id"), "an id is missing: 1 to 4094");
  } else {
    expect_within({1, 4094}, port.vlan().id(), findings, child(vlan, "id"));
  }
  if (wire.empty()) return findings.add(child(vlan, "port"), "a port is missing: the name of the one it is on");
  const Port* parent = parent_of(port, config);
  if (parent == nullptr) return findings.add(child(vlan, "port"), "there is no port '" + wire + "'");
  if (parent == &port || parent->has_vlan()) {
    return findings.add(child(vlan, "port"), "expected a port with a device, but '" + wire + "' is a VLAN itself");
  }
  if (port.mtu() > parent->mtu()) {
    findings.add(child(path, "mtu"), "port '" + wire + "', whose VLAN this is, has " + std::to_string(parent->mtu()) +
                                         ", got " + std::to_string(port.mtu()));
  }
}

void check_device(const Port& port, Findings& findings, const std::string& path) {
  if (port.device().empty()) {
    return findings.add(child(path, "device"),
                        "a device is missing: pci:ADDRESS, interface:NAME or vdev:STRING (or `vlan`)");
  }
  const auto device = parse_device(port.device());
  expect(device, findings, child(path, "device"));
  if (device && device->kind != DeviceKind::kInterface && port.has_driver()) {
    findings.add(child(path, "driver"), "only for interface:NAME; the device is '" + port.device() + "'");
  }
}

void check_route(const Route& route, Findings& findings, const std::string& path) {
  expect(parse_network(route.to()), findings, child(path, "to"));
  expect_address(route.via(), findings, child(path, "via"));
  const auto to = parse_network(route.to());
  const auto via = net::IpAddress::parse(route.via());
  if (to && via && to->is_v4() != via->is_v4()) {
    findings.add(child(path, "via"),
                 "expected an address of the same family as '" + route.to() + "', got '" + route.via() + "'");
  }
}

constexpr unsigned kIpv6MtuMin = 1280;  // RFC 8200 5: below, the kernel has no IPv6 on the link.

void check_port(const Port& port, const Config& config, Findings& findings, const std::string& path) {
  expect_name(port.name(), findings, child(path, "name"));
  if (port.has_vlan()) {
    check_vlan(port, config, findings, path);
  } else {
    check_device(port, findings, path);
  }
  expect_within({576, 9600}, port.mtu(), findings, child(path, "mtu"));
  if (!port.name().empty()) expect(check_interface_name(port.tap()), findings, child(path, "tap"));
  for (int i = 0; i < port.addresses_size(); ++i) {
    const auto address = parse_interface_address(port.addresses(i));
    expect(address, findings, element(child(path, "addresses"), i));
    if (address && address->is_v6() && port.mtu() < kIpv6MtuMin) {
      findings.add(child(path, "mtu"), "IPv6 needs at least 1280, got " + std::to_string(port.mtu()));
    }
  }
  for (int i = 0; i < port.routes_size(); ++i) check_route(port.routes(i), findings, element(child(path, "routes"), i));
}

}  // namespace

void check_ports(const Config& config, Findings& findings) {
  if (config.ports().empty()) findings.add("ports", "at least one port is needed");
  Unique names{findings};
  Unique devices{findings};
  Unique interfaces{findings};  // The kernel's: those that ports take over, and their TAPs.
  Unique addresses{findings};
  Unique vlans{findings};
  for (int i = 0; i < config.ports_size(); ++i) {
    const Port& port = config.ports(i);
    const std::string path = child(element("ports", i), "device");
    const auto device = parse_device(port.device());
    const bool is_first = devices.add(port.device(), path);
    if (is_first && device && device->kind == DeviceKind::kInterface) interfaces.add(device->name, path);
  }
  for (int i = 0; i < config.ports_size(); ++i) {
    const Port& port = config.ports(i);
    const std::string path = element("ports", i);
    check_port(port, config, findings, path);
    if (port.vlan().has_id() && !port.vlan().port().empty()) {
      vlans.add("VLAN " + std::to_string(port.vlan().id()) + " of " + port.vlan().port(), child(path, "vlan.id"));
    }
    if (names.add(port.name(), child(path, "name"))) interfaces.add(port.tap(), child(path, "tap"));
    for (int j = 0; j < port.addresses_size(); ++j) {
      const auto address = parse_interface_address(port.addresses(j));
      if (address) addresses.add(address->address().to_string(), element(child(path, "addresses"), j));
    }
  }
}

}  // namespace sluice::conf
