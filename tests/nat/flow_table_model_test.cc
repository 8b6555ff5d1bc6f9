// FlowTable against a plain model under random inserts, look-ups, erasures, expiry and eviction.

#include <random>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include "nat/flow_table.h"
#include "tests/nat/test_flows.h"

namespace sluice::nat {
namespace {

struct KeyHash {
  std::size_t operator()(const net::FlowKey& key) const { return net::hash(key); }
};

class Model : public testing::TestWithParam<std::size_t> {
 protected:
  static constexpr Tick kAgeMin = 20;

  void insert(std::uint32_t number) {
    Flow flow = numbered_flow(number);
    if (flows_.contains(flow.to_node_key())) return;
    flow.last_seen = now_;
    if (random_() % 2 == 0) flow = established(flow);
    const bool room = table_.make_room(now_, kAgeMin, [this](const Flow& evicted) {
      EXPECT_TRUE(evicted.is_embryonic());
      EXPECT_GT(elapsed(now_, evicted.last_seen), kAgeMin);
      EXPECT_EQ(flows_.erase(evicted.to_node_key()), 1U);
    });
    if (!room) {
      EXPECT_EQ(flows_.size(), GetParam());
      EXPECT_EQ(table_.insert(flow), nullptr);
      return;
    }
    ASSERT_NE(table_.insert(flow), nullptr);
    flows_.emplace(flow.to_node_key(), flow);
  }

  void look_up(std::uint32_t number) {
    const Flow flow = numbered_flow(number);
    const auto expected = flows_.find(flow.to_node_key());
    for (const auto direction : {Direction::kToNode, Direction::kToClient}) {
      const net::FlowKey key = flow.key(direction);
      const std::uint64_t hash = table_.hash(key);
      table_.prefetch_bucket(hash);
      table_.prefetch_flow(hash);
      const Found found = table_.find(key, hash);
      ASSERT_EQ(found.flow != nullptr, expected != flows_.end());
      if (found.flow == nullptr) continue;
      ASSERT_EQ(found.direction, direction);
      ASSERT_EQ(found.flow->service, number);
      found.flow->last_seen = now_;
      expected->second.last_seen = now_;
    }
  }

  void erase(std::uint32_t number) {
    const net::FlowKey key = numbered_flow(number).to_client_key();
    Flow* const flow = table_.find(key, table_.hash(key)).flow;
    if (flow == nullptr) return;
    flows_.erase(flow->to_node_key());
    table_.erase(*flow);
  }

  void expire_all() {
    table_.expire(now_, timeouts_, GetParam(), [this](const Flow& expired) {
      EXPECT_EQ(flows_.erase(expired.to_node_key()), 1U);
    });
    for (const auto& [key, flow] : flows_) {
      ASSERT_LE(elapsed(now_, flow.last_seen), idle_limit(flow, timeouts_));
    }
  }

  void compare_all() {
    ASSERT_EQ(table_.size(), flows_.size());
    std::size_t seen = 0;
    table_.visit(0, GetParam(), [&](const Flow& flow) { seen += flows_.contains(flow.to_node_key()) ? 1 : 0; });
    ASSERT_EQ(seen, flows_.size());
    for (const auto& [key, flow] : flows_) look_up(flow.service);
  }

  std::mt19937 random_{11};
  Timeouts timeouts_{.syn = 60, .established = 200};
  Tick now_ = ~Tick{0} - 1'000;  // The clock wraps on the way.
  FlowTable table_{{.capacity = GetParam(), .seed = 99}};
  std::unordered_map<net::FlowKey, Flow, KeyHash> flows_;
};

TEST_P(Model, AgreesWithTheTable) {
  const auto numbers = static_cast<std::uint32_t>(2 * GetParam() + 3);
  for (int round = 0; round < 200'000; ++round) {
    const auto number = static_cast<std::uint32_t>(random_() % numbers);
    const auto choice = random_() % 100;
    if (choice < 40) {
      insert(number);
    } else if (choice < 80) {
      look_up(number);
    } else if (choice < 95) {
      erase(number);
    } else {
      now_ += static_cast<Tick>(random_() % 3);
    }
    if (round % 1'000 == 0) {
      now_ += static_cast<Tick>(random_() % 100);
      expire_all();
    }
    if (round % 20'000 == 0) compare_all();
    if (HasFatalFailure()) return;
  }
  compare_all();
  EXPECT_GT(table_.counters().expired, 0U);
}

INSTANTIATE_TEST_SUITE_P(Capacities, Model, testing::Values(1, 5, 64, 1'000, 5'000));

}  // namespace
}  // namespace sluice::nat
