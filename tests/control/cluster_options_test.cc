#include "control/cluster_options.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/load.h"

namespace sluice::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ClusterOptionsOf : public testing::Test {
 protected:
  ClusterOptionsOf() {
    std::string pattern = testing::TempDir() + "sluice-clusters-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    std::ofstream{folder_ + "/good"} << "current-context: home\n"
                                        "contexts: [{name: home, context: {cluster: k}}]\n"
                                        "clusters: [{name: k, cluster: {server: 'https://192.0.2.1:6443'}}]\n";
  }
  ~ClusterOptionsOf() override { std::filesystem::remove_all(folder_); }

  // Of clusters whose first line is the file's second; @ is the folder.
  std::vector<std::string> mistakes(std::string clusters) {
    for (auto at = clusters.find('@'); at != std::string::npos; at = clusters.find('@')) {
      clusters.replace(at, 1, folder_);
    }
    const auto loaded = conf::load("clusters:\n" + clusters);
    conf::Findings findings{loaded.positions};
    made_ = cluster_options(loaded, findings);
    std::vector<std::string> texts;
    for (const auto& problem : findings.take()) texts.push_back(conf::to_string(problem, "f"));
    return texts;
  }

  std::string folder_;
  std::vector<ClusterOptions> made_;
};

TEST_F(ClusterOptionsOf, RightClustersAreInTheirOrder) {
  EXPECT_THAT(mistakes("  - {name: a, kubeconfig: @/good, context: home}\n"
                       "  - {name: b, server: 'https://192.0.2.2/'}\n"),
              IsEmpty());
  ASSERT_THAT(made_, SizeIs(2));
  EXPECT_EQ(made_[0].access.server, "https://192.0.2.1:6443");
  EXPECT_EQ(made_[1].access.server, "https://192.0.2.2");
}

TEST_F(ClusterOptionsOf, MistakesOfAllClustersAreFoundAtTheirKeys) {
  EXPECT_THAT(mistakes("  - name: a\n"
                       "    kubeconfig: @/missing\n"
                       "  - name: b\n"
                       "    kubeconfig: @/good\n"
                       "    context: nowhere\n"
                       "  - name: c\n"
                       "    server: https://192.0.2.2\n"
                       "    ca_file: @/no-ca\n"
                       "    token_file: @/no-token\n"
                       "  - name: d\n"
                       "    server: https://192.0.2.2?x\n"),
              ElementsAre(HasSubstr("f:3:17: clusters[0].kubeconfig: "), HasSubstr("f:6:14: clusters[1].context: "),
                          HasSubstr("f:9:14: clusters[2].ca_file: "), HasSubstr("f:10:17: clusters[2].token_file: "),
                          HasSubstr("f:12:13: clusters[3].server: ")));
}

TEST_F(ClusterOptionsOf, OneServerIsNotServedTwice) {
  EXPECT_THAT(
      mistakes("  - {name: a, kubeconfig: @/good}\n"
               "  - {name: b, server: 'https://192.0.2.2'}\n"
               "  - {name: c, server: 'https://192.0.2.1:6443/'}\n"),
      ElementsAre("f:4:23: clusters[2].server: leads to the same API server as clusters[0].kubeconfig of cluster "
                  "'a'; both would serve its Services of class 'sluice.dev/edge' and never agree on their "
                  "status: leave one out, or give each load_balancer_classes of its own and only one "
                  "claim_classless"));
}

TEST_F(ClusterOptionsOf, OneServerIsServedTwiceWithClaimsApart) {
  struct Row {
    std::string one, other;
    std::string common;  // Empty: allowed.
  };
  const Row rows[] = {
      {"load_balancer_classes: [x]", "load_balancer_classes: [y]", ""},
      {"load_balancer_classes: [x], claim_classless: true", "load_balancer_classes: [y]", ""},
      {"load_balancer_classes: [x]", "load_balancer_classes: [y, x]", " of class 'x' and"},
      {"load_balancer_classes: [x, y]", "load_balancer_classes: [y, x]", " of class 'y', of class 'x' and"},
      {"load_balancer_classes: [x], claim_classless: true", "load_balancer_classes: [y], claim_classless: true",
       " without a class and"},
      {"claim_classless: true", "claim_classless: true", " of class 'sluice.dev/edge', without a class and"},
  };
  for (const auto& [one, other, common] : rows) {
    const auto found = mistakes("  - {name: a, kubeconfig: @/good, " + one + "}\n" +  //
                                "  - {name: b, kubeconfig: @/good, " + other + "}\n");
    if (common.empty()) {
      EXPECT_THAT(found, IsEmpty()) << one << " | " << other;
    } else {
      EXPECT_THAT(found, ElementsAre(HasSubstr("clusters[1].kubeconfig: leads to the same"))) << one << " | " << other;
      EXPECT_THAT(found, ElementsAre(HasSubstr("its Services" + common)));
    }
  }
}

}  // namespace
}  // namespace sluice::control
