#include "conf/load.h"

#include <fstream>
#include <regex>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::conf {
namespace {

std::vector<std::string> problems(const Loaded& loaded) {
  std::vector<std::string> texts;
  for (const Problem& problem : loaded.problems) texts.push_back(to_string(problem, "f"));
  return texts;
}

std::string sample_text() {
  std::ostringstream text;
  text << std::ifstream{SAMPLE_YAML}.rdbuf();
  return text.str();
}

// Brings the settings in comments into force, but for those that exclude one another.
std::string uncommented(const std::string& yaml) {
  static const std::regex other_way{"# (in_cluster|server|ca_file|token_file):"};
  static const std::regex setting{"^( *)# ?( *[a-z_]+:( .*)?)$"};
  std::istringstream lines{yaml};
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    text += (std::regex_search(line, other_way) ? line : std::regex_replace(line, setting, "$1$2")) + "\n";
  }
  return text;
}

TEST(Load, TakesTheSample) {
  const Loaded loaded = load_file(SAMPLE_YAML);
  EXPECT_THAT(problems(loaded), testing::IsEmpty());
  EXPECT_EQ(loaded.config.ports_size(), 2);
  EXPECT_EQ(loaded.config.pools(0).name(), "public");
}

TEST(Load, FindsTheDefaultsInTheCommentsOfTheSample) {
  const Loaded with_comments = load(uncommented(sample_text().substr(sample_text().find("engine:"))));
  EXPECT_THAT(problems(with_comments), testing::IsEmpty());
  EXPECT_EQ(with_comments.config.DebugString(), load_file(SAMPLE_YAML).config.DebugString());
}

TEST(Load, SaysEverythingInTheOrderOfTheFile) {
  EXPECT_THAT(problems(load("pools: [{name: a, ranges: [10.0.0]}]\n"
                            "engine: x\n"
                            "ports: [{name: wan, device: eth1, colour: red}]\n"
                            "snat: {addresses: [x], ports: 1}\n"
                            "clusters: []\n")),
              testing::ElementsAre(
                  "f:1:28: pools[0].ranges[0]: expected CIDR or FIRST-LAST, got '10.0.0'",
                  "f:2:9: engine: expected one of auto, dpdk, xdp, got 'x'",
                  "f:3:29: ports[0].device: expected pci:ADDRESS, interface:NAME or vdev:STRING, got 'eth1'",
                  "f:3:35: ports[0].colour: unknown key; known are name, device, driver, mtu, tap, addresses, routes, "
                  "announce_vips, vlan",
                  "f:4:20: snat.addresses[0]: expected an address like 192.0.2.1 or 2001:db8::1, got 'x'",
                  "f:4:31: snat.ports: expected FIRST-LAST with ports from 1 to 65535, got '1'",
                  "f:5:11: clusters: at least one cluster is needed"));
}

TEST(Load, DoesNotJudgeWhatCouldNotBeRead) {
  EXPECT_THAT(problems(load("ports: 5\nsnat: []\npools: [x]\nclusters: [{name: a, kubecfg: /k}]\n")),
              testing::ElementsAre("f:1:8: ports: expected a list, like [a, b] or lines that begin with a dash",
                                   "f:2:7: snat: expected keys with values, got a list",
                                   "f:3:9: pools[0]: expected keys with values, got 'x'",
                                   "f:4:22: clusters[0].kubecfg: unknown key, did you mean 'kubeconfig'?"));
  EXPECT_THAT(problems(load("a: [")), testing::SizeIs(1));
}

TEST(Load, TakesInWhatOthersFindWrongWithWhatWasRight) {
  Loaded loaded = load("ports: 5\nsnat: []\npools: [x]\nclusters: [{name: a, kubecfg: /k}]\n");
  Findings findings{loaded.positions};
  findings.add("clusters[0].name", "is odd");
  findings.add("ports[0].name", "part of what could not be read");
  findings.add("pools", "has a part that could not be read");
  findings.add("snat", "could not be read");
  findings.add("state_dir", "is odd too");
  loaded.add(findings.take());
  EXPECT_THAT(problems(loaded),
              testing::ElementsAre("f:1:1: state_dir: is odd too", testing::HasSubstr("ports: "),
                                   testing::HasSubstr("snat: "), testing::HasSubstr("pools[0]: "),
                                   "f:4:19: clusters[0].name: is odd", testing::HasSubstr("clusters[0].kubecfg: ")));
}

TEST(Load, SaysThatAFileCannotBeRead) {
  EXPECT_THAT(problems(load_file("/nonexistent/sluice.yaml")),
              testing::ElementsAre("f: cannot be read: No such file or directory"));
  EXPECT_THAT(problems(load_file("/")), testing::ElementsAre("f: cannot be read: Is a directory"));
}

TEST(Load, SaysThatAFileIsEmpty) {
  EXPECT_THAT(problems(load_file("/dev/null")), testing::ElementsAre("f:1:1: there is nothing in this file"));
}

}  // namespace
}  // namespace sluice::conf
