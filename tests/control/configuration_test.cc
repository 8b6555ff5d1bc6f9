#include "control/configuration.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kStart =
    "ports: [{name: wan, device: interface:eth1}]\n"
    "snat: {addresses: [192.0.2.9, 'fd00::9']}\n";
constexpr const char* kPools = "pools: [{name: a, ranges: [203.0.113.64/26]}]\n";
constexpr const char* kCluster = "clusters: [{name: a, server: 'https://192.0.2.1'}]\n";

std::vector<std::string> problems(const Configuration& configuration) {
  std::vector<std::string> texts;
  for (const auto& problem : configuration.file.problems) texts.push_back(conf::to_string(problem, "f"));
  return texts;
}

std::vector<std::string> problems(const std::string& yaml) { return problems(examine(conf::load(yaml))); }

TEST(Configuration, HasPoolsAndClustersWhenAllIsRight) {
  const auto made = examine(conf::load(std::string{kStart} + kPools + kCluster));
  EXPECT_THAT(problems(made), IsEmpty());
  EXPECT_TRUE(made.ok());
  ASSERT_THAT(made.pools, SizeIs(1));
  EXPECT_EQ(made.pools[0].ranges.at(0).to_string(), "203.0.113.64-203.0.113.127");
  ASSERT_THAT(made.clusters, SizeIs(1));
  EXPECT_EQ(made.clusters[0].access.server, "https://192.0.2.1");
}

TEST(Configuration, DeliversAPoolAsItSays) {
  const auto made = examine(conf::load(std::string{kStart} + kCluster +
                                       "pools: [{name: a, ranges: [203.0.113.1]},\n"
                                       "  {name: b, ranges: [203.0.113.2], delivery: full-nat},\n"
                                       "  {name: c, ranges: [203.0.113.3], delivery: dnat},\n"
                                       "  {name: d, ranges: [203.0.113.4], delivery: dsr}]\n"));
  ASSERT_THAT(problems(made), IsEmpty());
  std::vector<lb::Delivery> deliveries;
  for (const auto& pool : made.pools) deliveries.push_back(pool.delivery);
  EXPECT_THAT(deliveries,
              ElementsAre(lb::Delivery::kFullNat, lb::Delivery::kFullNat, lb::Delivery::kDnat, lb::Delivery::kDsr));
}

TEST(Configuration, ShowsAllMistakesInTheOrderOfTheFile) {
  EXPECT_THAT(
      problems("clusters:\n"
               "  - {name: a, kubeconfig: /nonexistent/a}\n"
               "  - {name: a, server: 'https://192.0.2.1', ca_file: /nonexistent/ca}\n"
               "  - {name: c, colour: red, token_file: /nonexistent/token, server: 'https://192.0.2.2'}\n"
               "pools: [{name: '', ranges: [203.0.113.0]}, {name: b, ranges: [203.0.113.255], avoid_buggy_ips: "
               "true}]\n"
               "engine: warp\n" +
               std::string{kStart}),
      ElementsAre(HasSubstr("f:2:27: clusters[0].kubeconfig: kubeconfig /nonexistent/a: No such file"),
                  HasSubstr("f:3:12: clusters[1].name: 'a' is used"),
                  HasSubstr("f:3:53: clusters[1].ca_file: ca_file: /nonexistent/ca: No such file"),
                  HasSubstr("f:4:15: clusters[2].colour: unknown key"),
                  HasSubstr("f:4:40: clusters[2].token_file: /nonexistent/token: No such file"),
                  HasSubstr("f:5:16: pools[0].name: a name is missing"),
                  HasSubstr("f:5:62: pools[1].ranges: no address is left to give"), HasSubstr("f:6:9: engine: ")));
}

// Each has one mistake in the clusters or pools, which others would follow from.
TEST(Configuration, DoesNotShowWhatFollowsFromAMistake) {
  std::string kubeconfig = testing::TempDir() + "sluice-kubeconfig-XXXXXX";
  ::close(::mkstemp(kubeconfig.data()));
  std::ofstream{kubeconfig} << "contexts: [{name: home, context: {cluster: k}}]\n"
                               "clusters: [{name: k, cluster: {server: 'https://192.0.2.1'}}]\n";
  struct Row {
    std::string rest;
    std::string mistake;
  };
  const std::string pools = kPools;
  const std::string good = "{name: g, server: 'https://192.0.2.1'}";
  const Row rows[] = {
      {"pools: [{name: a, ranges: [nothing]}]\n" + std::string{kCluster}, "pools[0].ranges[0]: "},
      {"pools: [{name: a}]\n" + std::string{kCluster}, "pools[0].ranges: at least one"},
      {"pools: [7]\n" + std::string{kCluster}, "pools[0]: "},
      {pools + "clusters: [7]\n", "clusters[0]: "},
      {pools + "clusters: {name: a}\n", "clusters: "},
      {pools + "clusters: [{name: a}]\n", "clusters[0]: expected exactly one of"},
      {pools + "clusters: [{name: a, server: 'https://x', kubeconfig: /nonexistent}]\n",
       "clusters[0]: expected exactly"},
      {pools + "clusters: [{name: a, server: [x]}]\n", "clusters[0].server: "},
      {pools + "clusters: [{name: a, server: 'x'}]\n", "clusters[0].server: "},
      {pools + "clusters: [{name: a, kubeconfg: /nonexistent}]\n", "clusters[0].kubeconfg: unknown"},
      {pools + "clusters: [{name: a, kubeconfig: " + kubeconfig + ", contxt: home}]\n", "clusters[0].contxt: unknown"},
      {pools + "clusters: [" + good + ", {name: b, server: 'https://192.0.2.1', load_balancer_clases: [b]}]\n",
       "clusters[1].load_balancer_clases: unknown"},
      {pools + "clusters: [" + good + ", {name: b, server: 'https://192.0.2.1', load_balancer_classes: b}]\n",
       "clusters[1].load_balancer_classes: expected a list"},
      {pools + "clusters: [{name: b, server: 'https://192.0.2.1', load_balancer_classes: b}, " + good + "]\n",
       "clusters[0].load_balancer_classes: expected a list"},
  };
  for (const auto& [rest, mistake] : rows) {
    EXPECT_THAT(problems(kStart + rest), ElementsAre(HasSubstr(mistake))) << rest;
  }
  std::filesystem::remove(kubeconfig);
}

TEST(Configuration, IsNotThereWithoutAFile) {
  const auto made = examine(conf::load_file("/nonexistent/sluice.yaml"));
  EXPECT_THAT(problems(made), ElementsAre("f: cannot be read: No such file or directory"));
  EXPECT_THAT(problems("a: ["), SizeIs(1));
}

}  // namespace
}  // namespace sluice::control
