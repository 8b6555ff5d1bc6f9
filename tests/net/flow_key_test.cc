#include "net/flow_key.h"

#include <set>

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

FlowKey4 key(std::uint16_t source_port) {
  return {.source = *Ipv4Address::parse("198.51.100.10"),
          .destination = *Ipv4Address::parse("203.0.113.64"),
          .source_port = Be16{source_port},
          .destination_port = Be16{80},
          .protocol = IpProtocol::kTcp};
}

TEST(FlowKey, ReadsLikeAnOperatorWouldWriteIt) {
  EXPECT_EQ(key(40000).to_string(), "tcp 198.51.100.10:40000 > 203.0.113.64:80");
}

TEST(FlowKey, HashesNeighboursFarApart) {
  std::set<std::uint64_t> high, low;
  for (std::uint16_t port = 1; port <= 1000; ++port) {
    high.insert(hash(key(port)) >> 48);
    low.insert(hash(key(port)) & 0xffff);
  }
  EXPECT_GT(high.size(), 970U);  // 1,000 balls in 65,536 bins: about 8 meet.
  EXPECT_GT(low.size(), 970U);
}

TEST(FlowKey, HashDependsOnTheSeed) { EXPECT_NE(hash(key(1), 1), hash(key(1), 2)); }

// The number picks backends: two appliances (and two releases) must agree on it.
TEST(FlowKey, HashWithoutASeedIsPinned) { EXPECT_EQ(hash(key(40000)), hash(key(40000), 0)); }

}  // namespace
}  // namespace sluice::net
