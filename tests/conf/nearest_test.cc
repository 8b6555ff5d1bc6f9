#include "conf/nearest.h"

#include <gtest/gtest.h>

namespace sluice::conf {
namespace {

const std::vector<std::string_view> kKnown{"ports", "pools", "snat", "clusters", "cpus", "load_balancer_classes"};

TEST(Nearest, FindsTheWordThatWasMeant) {
  EXPECT_EQ(nearest("port", kKnown), "ports");
  EXPECT_EQ(nearest("prots", kKnown), "ports");
  EXPECT_EQ(nearest("pool", kKnown), "pools");
  EXPECT_EQ(nearest("loadbalancer_class", kKnown), "load_balancer_classes");
}

TEST(Nearest, DoesNotGuessWildly) {
  EXPECT_EQ(nearest("bgp_neighbors", kKnown), "");
  EXPECT_EQ(nearest("", kKnown), "");
  EXPECT_EQ(nearest("x", kKnown), "");
}

TEST(Nearest, TakesTheFirstOfEquals) { EXPECT_EQ(nearest("ac", {"ab", "ad"}), "ab"); }

}  // namespace
}  // namespace sluice::conf
