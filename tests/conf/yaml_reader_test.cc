#include "conf/yaml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/config.pb.h"

namespace sluice::conf {
namespace {

std::vector<std::string> problems(std::string_view yaml) {
  Config config;
  std::vector<std::string> texts;
  for (const Problem& problem : read_yaml(yaml, config).problems) texts.push_back(to_string(problem, "f"));
  return texts;
}

std::string read(std::string_view yaml) {
  Config config;
  EXPECT_THAT(problems(yaml), testing::IsEmpty());
  read_yaml(yaml, config);
  return config.ShortDebugString();
}

TEST(YamlReader, ReadsEveryType) {
  EXPECT_EQ(read("engine: dpdk"), "engine: ENGINE_DPDK");
  EXPECT_EQ(read("log_level: error"), "log_level: LOG_LEVEL_ERROR");
  EXPECT_EQ(read("dpdk: {hugepages: on}"), "dpdk { hugepages: HUGEPAGES_ON }");
  EXPECT_EQ(read("ports: [{driver: af_xdp}]"), "ports { driver: DRIVER_AF_XDP }");
  EXPECT_EQ(read("pools: [{delivery: full-nat}, {delivery: dsr}]"), "pools { } pools { delivery: DELIVERY_DSR }");
  EXPECT_EQ(read("dpdk: {memory_mb: 64, extra_args: [--a, 'b c']}"),
            R"(dpdk { memory_mb: 64 extra_args: "--a" extra_args: "b c" })");
  EXPECT_EQ(read("workers: {cpus: [1, 3], idle_sleep: 0}"), R"(workers { cpus: 1 cpus: 3 idle_sleep: "0" })");
  EXPECT_EQ(read("pools:\n  - name: a\n    auto_assign: false\n  - avoid_buggy_ips: true\n"),
            R"(pools { name: "a" auto_assign: false } pools { avoid_buggy_ips: true })");
}

TEST(YamlReader, TakesListsAndMappingsWithoutAValueAsEmpty) {
  EXPECT_EQ(read("dpdk:\nports:\nworkers: {}\n"), "dpdk { } workers { }");
}

TEST(YamlReader, KnowsAliases) {
  EXPECT_EQ(read("state_dir: &a /x\nadmin_socket: *a"), R"(state_dir: "/x" admin_socket: "/x")");
}

struct Case {
  std::string_view yaml;
  std::string_view problem;
};

void PrintTo(const Case& refused, std::ostream* out) { *out << refused.yaml; }

class YamlReaderRefuses : public testing::TestWithParam<Case> {};
TEST_P(YamlReaderRefuses, WithAPositionAPathAndASentence) {
  EXPECT_THAT(problems(GetParam().yaml), testing::ElementsAre(std::string{GetParam().problem})) << GetParam().yaml;
}
INSTANTIATE_TEST_SUITE_P(
    Table, YamlReaderRefuses,
    testing::Values(
        Case{"", "f:1:1: there is nothing in this file"},  //
        Case{"# only a comment\n", "f:1:1: there is nothing in this file"},
        Case{"- a", "f:1:1: expected keys with values, got a list"},
        Case{"words", "f:1:1: expected keys with values, got 'words'"},
        Case{"engine: dpdk\npools: [\n", "f:3:1: not YAML: end of sequence flow not found"},
        Case{"engine: dpdk: xdp", "f:1:13: not YAML: illegal map value"},
        Case{"engine: \"dpdk", "f:1:14: not YAML: illegal EOF in scalar"},
        Case{"engine: *nobody", "f:1:9: not YAML: the referenced anchor is not defined"},
        Case{"engine: dpdk\n---\nengine: xdp\n", "f:2:1: a second document begins; expected one"},
        Case{", engine: dpdk\n", "f:1:1: not YAML: no value can begin here"},
        Case{"{engine: dpdk}\n, x\n", "f:2:1: a second document begins; expected one"},
        Case{"prots: []", "f:1:1: prots: unknown key, did you mean 'ports'?"},
        Case{"dpdk:\n  memory: 5", "f:2:3: dpdk.memory: unknown key, did you mean 'memory_mb'?"},
        Case{"ports: [{routes: [{dev: x}]}]", "f:1:20: ports[0].routes[0].dev: unknown key; known are to, via"},
        Case{"snat: {bgp: 1}", "f:1:8: snat.bgp: unknown key; known are addresses, ports"},
        Case{"? [a]\n: 1",
             "f:1:3: (a key that is not a word): unknown key; known are engine, log_level, state_dir, "
             "admin_socket, dpdk, workers, ports, snat, pools, clusters, timeouts, health"},
        Case{"engine: dpdk\nengine: dpdk", "f:2:1: engine: given twice; the first is in line 1"},
        Case{"pools: [{name: a, name: b}]", "f:1:19: pools[0].name: given twice; the first is in line 1"},
        Case{"engine: DPDK", "f:1:9: engine: expected one of auto, dpdk, xdp, got 'DPDK'"},
        Case{"log_level: loud", "f:1:12: log_level: expected one of info, debug, warning, error, got 'loud'"},
        Case{"dpdk: {hugepages: yes}", "f:1:19: dpdk.hugepages: expected one of auto, on, off, got 'yes'"},
        Case{"ports: [{driver: e1000}]", "f:1:18: ports[0].driver: expected one of af_packet, af_xdp, got 'e1000'"},
        Case{"engine:", "f:1:1: engine: has no value; leave the key out for its default"},
        Case{"ports:\n  - name: ~", "f:2:5: ports[0].name: has no value; leave the key out for its default"},
        Case{"state_dir: [a]", "f:1:12: state_dir: expected a single value, got a list"},
        Case{"state_dir: {a: b}", "f:1:12: state_dir: expected a single value, got keys with values"},
        Case{"dpdk: 5", "f:1:7: dpdk: expected keys with values, got '5'"},
        Case{"dpdk: [5]", "f:1:7: dpdk: expected keys with values, got a list"},
        Case{"snat: {addresses: 10.0.0.1}",
             "f:1:19: snat.addresses: expected a list, like [a, b] or lines that begin with a dash"},
        Case{"ports: {name: a}", "f:1:8: ports: expected a list, like [a, b] or lines that begin with a dash"},
        Case{"ports: [wan]", "f:1:9: ports[0]: expected keys with values, got 'wan'"},
        Case{"dpdk: {extra_args: [a, [b]]}", "f:1:24: dpdk.extra_args[1]: expected a single value, got a list"},
        Case{"dpdk: {memory_mb: lots}", "f:1:19: dpdk.memory_mb: expected a whole number, got 'lots'"},
        Case{"dpdk: {memory_mb: 1.5}", "f:1:19: dpdk.memory_mb: expected a whole number, got '1.5'"},
        Case{"dpdk: {memory_mb: -1}", "f:1:19: dpdk.memory_mb: expected a whole number, got '-1'"},
        Case{"dpdk: {memory_mb: 4294967296}",
             "f:1:19: dpdk.memory_mb: expected a number up to 4294967295, got 4294967296"},
        Case{"pools: [{auto_assign: yes}]", "f:1:23: pools[0].auto_assign: expected true or false, got 'yes'"}));

TEST(YamlReader, ReportsAllProblemsAtOnce) {
  EXPECT_THAT(
      problems("engine: x\ndpdk: {a: 1, memory_mb: y}\nports: [1, {mtu: z}]\n"),
      testing::ElementsAre("f:1:9: engine: expected one of auto, dpdk, xdp, got 'x'",
                           "f:2:8: dpdk.a: unknown key; known are hugepages, memory_mb, file_prefix, extra_args",
                           "f:2:25: dpdk.memory_mb: expected a whole number, got 'y'",
                           "f:3:9: ports[0]: expected keys with values, got '1'",
                           "f:3:18: ports[1].mtu: expected a whole number, got 'z'"));
}

TEST(YamlReader, SurvivesDeepNesting) {
  EXPECT_THAT(problems(std::string(100'000, '[')), testing::SizeIs(1));
  EXPECT_THAT(problems("ports: &a [*a]"), testing::SizeIs(testing::Ge(1)));
}

}  // namespace
}  // namespace sluice::conf
