#include "conf/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/load.h"

namespace sluice::conf {
namespace {

// A good configuration, a part a line; tests replace a part.
struct Parts {
  std::string ports = "ports: [{name: wan, device: interface:eth1}]";
  std::string snat = "snat: {addresses: [10.20.0.2]}";
  std::string pools = "pools: [{name: public, ranges: [203.0.113.64/26]}]";
  std::string clusters = "clusters: [{name: edge, kubeconfig: /k}]";
  std::string more = "";  // line 5

  std::string text() const { return ports + "\n" + snat + "\n" + pools + "\n" + clusters + "\n" + more + "\n"; }
};

std::vector<std::string> problems(const Parts& parts) {
  std::vector<std::string> texts;
  for (const Problem& problem : load(parts.text()).problems) texts.push_back(to_string(problem, "f"));
  return texts;
}

struct Case {
  Parts parts;
  std::string problem;
};
void PrintTo(const Case& refused, std::ostream* out) { *out << refused.problem; }
Case ports(std::string text, std::string problem) { return {{.ports = "ports: " + text}, std::move(problem)}; }
Case port(const std::string& text, std::string problem) {
  return ports("[{name: wan, device: interface:eth1, " + text + "}]", std::move(problem));
}
// A second port, a VLAN of the first one.
Case vlan(const std::string& text, std::string problem) {
  return ports("[{name: wan, device: interface:eth1}, {name: lan, " + text + "}]", std::move(problem));
}
Case snat(std::string text, std::string problem) { return {{.snat = "snat: " + text}, std::move(problem)}; }
Case pools(std::string text, std::string problem) { return {{.pools = "pools: " + text}, std::move(problem)}; }
Case ranges(const std::string& text, std::string problem) {
  return pools("[{name: a, ranges: [" + text + "]}]", std::move(problem));
}
Case clusters(std::string text, std::string problem) { return {{.clusters = "clusters: " + text}, std::move(problem)}; }
Case more(std::string text, std::string problem) { return {{.more = std::move(text)}, std::move(problem)}; }

class ValidateRefuses : public testing::TestWithParam<Case> {};
TEST_P(ValidateRefuses, WithAPositionAPathAndASentence) {
  EXPECT_THAT(problems(GetParam().parts), testing::ElementsAre(GetParam().problem)) << GetParam().parts.text();
}

INSTANTIATE_TEST_SUITE_P(
    Process, ValidateRefuses,
    testing::Values(
        more("engine: xdp", "f:5:9: engine: the XDP engine is not part of this version; use auto or dpdk"),
        more("state_dir: here", "f:5:12: state_dir: expected a path from the root, got 'here'"),
        more("admin_socket: ''", "f:5:15: admin_socket: expected a path from the root, got ''"),
        more("admin_socket: /" + std::string(107, 'a'),
             "f:5:15: admin_socket: the path of a socket has at most 107 characters, this one has 108"),
        more("dpdk: {memory_mb: 8}", "f:5:19: dpdk.memory_mb: expected 16 to 1048576, got 8"),
        more("dpdk: {file_prefix: a/b}", "f:5:21: dpdk.file_prefix: expected a part of a file name, got 'a/b'"),
        more("workers: {count: 0}", "f:5:18: workers.count: expected 1 to 16, got 0"),
        more("workers: {count: 17}", "f:5:18: workers.count: expected 1 to 16, got 17"),
        more("workers: {cpus: [1, 2, 1]}", "f:5:17: workers.cpus: CPU 1 is listed twice"),
        more("workers: {cpus: [1024]}", "f:5:17: workers.cpus: expected 0 to 1023, got 1024"),
        more("workers: {cpus: [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}",
             "f:5:17: workers.cpus: expected up to 16 CPUs, got 17"),
        more("workers: {cpus: [1, 2], count: 1}",
             "f:5:32: workers.count: there is one worker on each of `cpus`: leave `count` out or make it 2"),
        more("workers: {refusals: 1000001}", "f:5:21: workers.refusals: expected 0 to 1000000, got 1000001"),
        more("workers: {flows_max: 1023}", "f:5:22: workers.flows_max: expected 1024 to 100000000, got 1023"),
        more("workers: {idle_sleep: soon}",
             "f:5:23: workers.idle_sleep: expected a duration like 50us, 5s or 2h4m, got 'soon'"),
        more("workers: {idle_sleep: 1s}",
             "f:5:23: workers.idle_sleep: expected at most 10ms: packets wait that long, got '1s'"),
        more("health: {interval: 50ms}", "f:5:20: health.interval: expected 100ms to 60s, got '50ms'"),
        more("health: {timeout: 2m}", "f:5:19: health.timeout: expected 100ms to 60s, got '2m'"),
        more("health: {timeout: soon}",
             "f:5:19: health.timeout: expected a duration like 50us, 5s or 2h4m, got 'soon'"),
        more("health: {rise: 0}", "f:5:16: health.rise: expected 1 to 10, got 0"),
        more("health: {fall: 11}", "f:5:16: health.fall: expected 1 to 10, got 11"),
        more("timeouts: {tcp_syn: 5}", "f:5:21: timeouts.tcp_syn: expected a duration like 50us, 5s or 2h4m, got '5'"),
        more("timeouts: {sctp_closed: 0}", "f:5:25: timeouts.sctp_closed: expected 1s to 30d, got '0'"),
        more("timeouts: {udp_replied: 0}", "f:5:25: timeouts.udp_replied: expected 1s to 30d, got '0'"),
        more("timeouts: {drain: 10ms}", "f:5:19: timeouts.drain: expected 0, or 1s to 30d, got '10ms'"),
        more("timeouts: {lost_node: 19s}", "f:5:23: timeouts.lost_node: expected 0, or 20s to 30d, got '19s'"),
        more("timeouts: {dns_replied: 31d}", "f:5:25: timeouts.dns_replied: expected 1s to 30d, got '31d'")));

INSTANTIATE_TEST_SUITE_P(
    Ports, ValidateRefuses,
    testing::Values(
        ports("[]", "f:1:8: ports: at least one port is needed"),
        ports("[{device: interface:eth1}]", "f:1:9: ports[0].name: a name is missing"),
        ports("[{name: a b, device: interface:eth1, tap: t}]",
              "f:1:16: ports[0].name: expected letters, digits, '-', '_' and '.', got 'a b'"),
        ports("[{name: wan}]",
              "f:1:9: ports[0].device: a device is missing: pci:ADDRESS, interface:NAME or vdev:STRING (or `vlan`)"),
        ports("[{name: wan, device: eth1}]",
              "f:1:29: ports[0].device: expected pci:ADDRESS, interface:NAME or vdev:STRING, got 'eth1'"),
        ports("[{name: wan, device: vdev:net_null0, driver: af_xdp}]",
              "f:1:53: ports[0].driver: only for interface:NAME; the device is 'vdev:net_null0'"),
        ports("[{name: wan, device: interface:a}, {name: wan, device: interface:b}]",
              "f:1:50: ports[1].name: 'wan' is used at ports[0].name already"),
        ports("[{name: wan, device: interface:a}, {name: lan, device: interface:a}]",
              "f:1:63: ports[1].device: 'interface:a' is used at ports[0].device already"),
        ports("[{name: wan, device: interface:a}, {name: lan, device: interface:b, tap: sl-wan}]",
              "f:1:81: ports[1].tap: 'sl-wan' is used at ports[0].tap already"),
        port("tap: eth1", "f:1:50: ports[0].tap: 'eth1' is used at ports[0].device already"),
        ports("[{name: a-name-that-is-long, device: interface:a}]",
              "f:1:9: ports[0].tap: 'sl-a-name-that-is-long' has 22 characters; the name of an interface has at most "
              "15"),
        vlan("vlan: {port: wan, id: 0}", "f:1:80: ports[1].vlan.id: expected 1 to 4094, got 0"),
        vlan("vlan: {port: wan, id: 4095}", "f:1:80: ports[1].vlan.id: expected 1 to 4094, got 4095"),
        vlan("vlan: {port: wan}", "f:1:64: ports[1].vlan.id: an id is missing: 1 to 4094"),
        vlan("vlan: {id: 5}", "f:1:64: ports[1].vlan.port: a port is missing: the name of the one it is on"),
        vlan("vlan: {port: wann, id: 5}", "f:1:71: ports[1].vlan.port: there is no port 'wann'"),
        vlan("vlan: {port: lan, id: 5}",
             "f:1:71: ports[1].vlan.port: expected a port with a device, but 'lan' is a VLAN itself"),
        vlan("vlan: {port: wan, id: 5}}, {name: deep, vlan: {port: lan, id: 6}",
             "f:1:111: ports[2].vlan.port: expected a port with a device, but 'lan' is a VLAN itself"),
        vlan("vlan: {port: wan, id: 5}}, {name: twin, vlan: {port: wan, id: 5}",
             "f:1:120: ports[2].vlan.id: 'VLAN 5 of wan' is used at ports[1].vlan.id already"),
        vlan("device: interface:eth2, vlan: {port: wan, id: 5}",
             "f:1:66: ports[1].device: a VLAN has none: its wire is that of port 'wan'"),
        vlan("driver: af_xdp, vlan: {port: wan, id: 5}",
             "f:1:66: ports[1].driver: a VLAN has none: its wire is that of port 'wan'"),
        vlan("mtu: 1501, vlan: {port: wan, id: 5}",
             "f:1:63: ports[1].mtu: port 'wan', whose VLAN this is, has 1500, got 1501"),
        port("mtu: 500", "f:1:50: ports[0].mtu: expected 576 to 9600, got 500"),
        port("tap: a/b",
             "f:1:50: ports[0].tap: 'a/b' cannot be the name of an interface: no slashes, colons and blanks"),
        port("addresses: [10.0.0.1]",
             "f:1:57: ports[0].addresses[0]: expected ADDRESS/LENGTH like 192.0.2.1/24 or 2001:db8::1/64, got "
             "'10.0.0.1'"),
        port("addresses: [2001:db8::g/64]",
             "f:1:57: ports[0].addresses[0]: expected ADDRESS/LENGTH like 192.0.2.1/24 or 2001:db8::1/64, got "
             "'2001:db8::g/64'"),
        port("addresses: ['2001:db8::1/64', '2001:db8:0::1/48']",
             "f:1:75: ports[0].addresses[1]: '2001:db8::1' is used at ports[0].addresses[0] already"),
        port("mtu: 1279, addresses: ['2001:db8::1/64']", "f:1:50: ports[0].mtu: IPv6 needs at least 1280, got 1279"),
        port("routes: [{to: '::/0', via: 10.9.9.9}]",
             "f:1:72: ports[0].routes[0].via: expected an address of the same family as '::/0', got '10.9.9.9'"),
        port("addresses: [10.0.0.1/24, 10.0.0.1/8]",
             "f:1:70: ports[0].addresses[1]: '10.0.0.1' is used at ports[0].addresses[0] already"),
        port("routes: [{to: 10.0.0.1/8, via: 10.9.9.9}]",
             "f:1:59: ports[0].routes[0].to: '10.0.0.1/8' has bits behind its length; the network is 10.0.0.0/8"),
        port("routes: [{to: 0.0.0.0/0}]",
             "f:1:54: ports[0].routes[0].via: expected an address like 192.0.2.1 or 2001:db8::1, got ''")));

INSTANTIATE_TEST_SUITE_P(
    Addresses, ValidateRefuses,
    testing::Values(
        snat("{}", "f:2:7: snat.addresses: at least one address is needed"),
        snat("{addresses: [10.0.0.0/24]}",
             "f:2:20: snat.addresses[0]: expected an address like 192.0.2.1 or 2001:db8::1, got '10.0.0.0/24'"),
        snat("{addresses: [10.0.0.1, 'fe80::1']}",
             "f:2:30: snat.addresses[1]: 'fe80::1' has addresses of fe80::/10, which hold on one link only"),
        snat("{addresses: ['2001:db8::1']}",
             "f:3:33: pools[0].ranges[0]: '203.0.113.64/26' cannot be served: snat.addresses has no IPv4 address"),
        ranges("'2001:db8::/64'",
               "f:3:28: pools[0].ranges[0]: '2001:db8::/64' cannot be served: snat.addresses has no IPv6 address"),
        Case{{.snat = "snat: {addresses: [10.20.0.2, '2001:db8::2']}",
              .pools = "pools: [{name: a, ranges: [203.0.113.64/26, '2001:db8::/64']}]"},
             "f:3:45: pools[0].ranges[1]: '2001:db8::/64' overlaps with '2001:db8::2' at snat.addresses[1]"},
        Case{{.snat = "snat: {addresses: [10.20.0.2, '2001:db8::2']}",
              .pools = "pools: [{name: a, ranges: ['ff00::/8']}]"},
             "f:3:28: pools[0].ranges[0]: 'ff00::/8' has addresses of ff00::/8, which no host can have"},
        snat("{addresses: [10.0.0.1, 10.0.0.1]}",
             "f:2:30: snat.addresses[1]: '10.0.0.1' is used at snat.addresses[0] already"),
        snat("{addresses: [127.0.0.1]}",
             "f:2:20: snat.addresses[0]: '127.0.0.1' has addresses of 127.0.0.0/8, which no host can have"),
        snat("{addresses: [10.0.0.1], ports: 5}",
             "f:2:38: snat.ports: expected FIRST-LAST with ports from 1 to 65535, got '5'"),
        Case{{.snat = "snat: {addresses: [10.0.0.1], ports: 5-67}", .more = "workers: {count: 3}"},
             "f:2:38: snat.ports: with several workers at least 64 ports are needed; each worker has those that lead "
             "back "
             "to it"},
        pools("[]", "f:3:8: pools: at least one pool is needed"),
        pools("[{ranges: [10.0.0.1]}]", "f:3:9: pools[0].name: a name is missing"),
        pools("[{name: a}]", "f:3:9: pools[0].ranges: at least one range is needed"),
        pools("[{name: a, ranges: [10.0.0.1]}, {name: a, ranges: [10.0.0.2]}]",
              "f:3:47: pools[1].name: 'a' is used at pools[0].name already"),
        pools("[{name: a, ranges: [10.0.0.0/24]}, {name: b, ranges: [10.0.0.200-10.0.1.5]}]",
              "f:3:62: pools[1].ranges[0]: '10.0.0.200-10.0.1.5' overlaps with '10.0.0.0/24' at pools[0].ranges[0]"),
        ranges("10.0.0.1, 10.0.0", "f:3:38: pools[0].ranges[1]: expected CIDR or FIRST-LAST, got '10.0.0'"),
        ranges("223.255.255.255-224.0.0.0",
               "f:3:28: pools[0].ranges[0]: '223.255.255.255-224.0.0.0' has addresses of 224.0.0.0/4, which no host "
               "can have"),
        ranges("10.0.0.5, 10.0.0.4/31",
               "f:3:38: pools[0].ranges[1]: '10.0.0.4/31' overlaps with '10.0.0.5' at pools[0].ranges[0]"),
        ranges("10.20.0.0/24",
               "f:3:28: pools[0].ranges[0]: '10.20.0.0/24' overlaps with '10.20.0.2' at snat.addresses[0]"),
        port("addresses: [203.0.113.65/24]",
             "f:3:33: pools[0].ranges[0]: '203.0.113.64/26' overlaps with '203.0.113.65' at ports[0].addresses[0]"),
        port("routes: [{to: 0.0.0.0/0, via: 203.0.113.66}]",
             "f:3:33: pools[0].ranges[0]: '203.0.113.64/26' overlaps with '203.0.113.66' at ports[0].routes[0].via")));

INSTANTIATE_TEST_SUITE_P(
    Clusters, ValidateRefuses,
    testing::Values(
        clusters("[]", "f:4:11: clusters: at least one cluster is needed"),
        clusters("[{kubeconfig: /k}]", "f:4:12: clusters[0].name: a name is missing"),
        clusters("[{name: a, kubeconfig: /k}, {name: a, in_cluster: true}]",
                 "f:4:46: clusters[1].name: 'a' is used at clusters[0].name already"),
        clusters("[{name: a}]",
                 "f:4:12: clusters[0]: expected exactly one of kubeconfig, in_cluster and server, got none"),
        clusters("[{name: a, kubeconfig: /k, in_cluster: true}]",
                 "f:4:12: clusters[0]: expected exactly one of kubeconfig, in_cluster and server, got 2"),
        clusters("[{name: a, in_cluster: true, context: x}]",
                 "f:4:49: clusters[0].context: only together with kubeconfig"),
        clusters("[{name: a, kubeconfig: /k, ca_file: x}]", "f:4:47: clusters[0].ca_file: only together with server"),
        clusters("[{name: a, in_cluster: true, token_file: x}]",
                 "f:4:52: clusters[0].token_file: only together with server"),
        clusters("[{name: a, server: 'host:6443'}]",
                 "f:4:30: clusters[0].server: expected a URL like https://192.0.2.10:6443, got 'host:6443'"),
        clusters("[{name: a, in_cluster: true, load_balancer_classes: ['']}]",
                 "f:4:64: clusters[0].load_balancer_classes[0]: a class is missing")));

TEST(Validate, AcceptsEveryWayToAskForSomething) {
  EXPECT_THAT(problems({}), testing::IsEmpty());
  EXPECT_THAT(problems({.ports = "ports: [{name: wan, device: interface:eth1, addresses: ['2001:db8:1::2/64'], "
                                 "routes: [{to: '::/0', via: 'fe80::1'}]}]",
                        .snat = "snat: {addresses: [10.20.0.2, '2001:db8:2::2']}",
                        .pools = "pools: [{name: a, ranges: [203.0.113.64/26, '2001:db8:3::/64']}]"}),
              testing::IsEmpty());
  EXPECT_THAT(problems({.ports = "ports: [{name: a, device: pci:03:00.0}, {name: b, device: vdev:net_null0}]",
                        .clusters = "clusters: [{name: a, in_cluster: true}, {name: b, server: https://k, ca_file: /c, "
                                    "token_file: /t}]",
                        .more = "workers: {count: 2, idle_sleep: 0}"}),
              testing::IsEmpty());
}

}  // namespace
}  // namespace sluice::conf
