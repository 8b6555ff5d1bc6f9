#include "nat/flow_table.h"

#include <chrono>
#include <random>
#include <set>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include "tests/nat/test_flows.h"

namespace sluice::nat {
namespace {

using namespace std::chrono_literals;

const auto kIgnore = [](const Flow4&) {};

Flow4* find(FlowTable4& table, const net::FlowKey4& key) { return table.find(key, table.hash(key)).flow; }

TEST(FlowTable, FindsAFlowByTheKeysOfBothDirections) {
  FlowTable4 table{{.capacity = 8, .seed = 5}};
  const Flow4* flow = table.insert(numbered_flow(1));
  ASSERT_NE(flow, nullptr);
  for (const auto direction : {Direction::kToNode, Direction::kToClient}) {
    const net::FlowKey4 key = flow->key(direction);
    const Found found = table.find(key, table.hash(key));
    EXPECT_EQ(found.flow, flow);
    EXPECT_EQ(found.direction, direction);
  }
}

TEST(FlowTable, DoesNotTakeOneDirectionsKeyForTheOthers) {
  FlowTable4 table{{.capacity = 8}};
  const Flow4* flow = table.insert(numbered_flow(1));
  net::FlowKey4 turned = flow->to_node_key();
  std::swap(turned.source, turned.destination);
  std::swap(turned.source_port, turned.destination_port);
  EXPECT_EQ(find(table, turned), nullptr);
  net::FlowKey4 udp = flow->to_node_key();
  udp.protocol = net::IpProtocol::kUdp;
  EXPECT_EQ(find(table, udp), nullptr);
}

TEST(FlowTable, ForgetsAnErasedFlowInBothDirections) {
  FlowTable4 table{{.capacity = 8}};
  const Flow4 copy = numbered_flow(1);
  table.erase(*table.insert(copy));
  EXPECT_EQ(find(table, copy.to_node_key()), nullptr);
  EXPECT_EQ(find(table, copy.to_client_key()), nullptr);
  EXPECT_EQ(table.size(), 0U);
}

TEST(FlowTable, RefusesAndCountsWhatIsAboveItsCapacity) {
  FlowTable4 table{{.capacity = 3}};
  for (std::uint32_t number = 0; number < 3; ++number) ASSERT_NE(table.insert(numbered_flow(number)), nullptr);
  EXPECT_EQ(table.insert(numbered_flow(3)), nullptr);
  EXPECT_EQ(table.counters().refusals, 1U);
  EXPECT_EQ(table.counters().inserts, 3U);
}

TEST(FlowTable, ForgetsAFlowThatWasIdleForItsTimeout) {
  FlowTable4 table{{.capacity = 8}};
  const Timeouts timeouts;
  Flow4 flow = numbered_flow(1);  // SYN sent
  flow.last_seen = 1000;
  table.insert(flow);
  EXPECT_EQ(table.expire(1000 + timeouts.syn, timeouts, 8, kIgnore), 0U);
  std::vector<std::uint16_t> released;
  const auto note_port = [&](const Flow4& expired) { released.push_back(expired.snat_port.host()); };
  EXPECT_EQ(table.expire(1001 + timeouts.syn, timeouts, 8, note_port), 1U);
  EXPECT_EQ(released, std::vector<std::uint16_t>{flow.snat_port.host()});
  EXPECT_EQ(find(table, flow.to_node_key()), nullptr);
  EXPECT_EQ(table.counters().expired, 1U);
}

TEST(FlowTable, ExpiresABoundedNumberOfEntriesACallAndAllInTurn) {
  FlowTable4 table{{.capacity = 100}};
  for (std::uint32_t number = 0; number < 100; ++number) table.insert(numbered_flow(number));
  const Tick late = timeout_ticks(1h);
  for (std::size_t turn = 1; turn <= 10; ++turn) {
    EXPECT_EQ(table.expire(late, {}, 10, kIgnore), 10U);
    EXPECT_EQ(table.size(), 100 - 10 * turn);
  }
}

// Only embryonic flows of this age may go: nothing else is past its timeout.
Timeouts evicting_from(Tick age) {
  const Tick never = timeout_ticks(24h);
  Timeouts timeouts;
  timeouts.syn = timeouts.established = timeouts.udp = timeouts.udp_unreplied = never;
  timeouts.embryonic_age_min = age;
  return timeouts;
}

TEST(FlowTable, EvictsAFlowPastItsTimeoutWhenFull) {
  FlowTable4 table{{.capacity = 1}};
  table.insert(established(numbered_flow(1)));
  const Timeouts timeouts;
  EXPECT_FALSE(table.make_room(timeouts.established, timeouts, kIgnore));
  EXPECT_TRUE(table.make_room(timeouts.established + 1, timeouts, kIgnore));
  EXPECT_EQ(table.size(), 0U);
}

TEST(FlowTable, EvictsAnEmbryonicFlowWhenFull) {
  FlowTable4 table{{.capacity = 2}};
  const Tick age = Timeouts{}.embryonic_age_min;
  table.insert(established(numbered_flow(1)));
  table.insert(numbered_flow(2));
  EXPECT_FALSE(table.make_room(age, evicting_from(age), kIgnore)) << "too young";
  std::uint32_t evicted = 0;
  EXPECT_TRUE(table.make_room(age + 1, evicting_from(age), [&](const Flow4& flow) { evicted = flow.service; }));
  EXPECT_EQ(evicted, 2U);
  EXPECT_NE(find(table, numbered_flow(1).to_node_key()), nullptr);
  EXPECT_EQ(find(table, numbered_flow(2).to_node_key()), nullptr);
  EXPECT_NE(table.insert(numbered_flow(3)), nullptr);
  EXPECT_EQ(table.counters().evictions, 1U);
}

TEST(FlowTable, MakesRoomWithoutEvictionWhileThereIsSome) {
  FlowTable4 table{{.capacity = 2}};
  table.insert(numbered_flow(1));
  EXPECT_TRUE(table.make_room(timeout_ticks(1h), evicting_from(1), kIgnore));
  EXPECT_EQ(table.size(), 1U);
}

TEST(FlowTable, LetsNoFloodOfNewFlowsHarmEstablishedOnes) {
  FlowTable4 table{{.capacity = 1000}};
  const Tick late = timeout_ticks(1h);
  for (std::uint32_t number = 0; number < 1000; ++number) {
    table.insert(number % 2 == 0 ? established(numbered_flow(number)) : numbered_flow(number));
  }
  for (std::uint32_t number = 1000; number < 50'000; ++number) {
    if (!table.make_room(late, evicting_from(1), kIgnore)) continue;
    Flow4 flow = numbered_flow(number);
    flow.last_seen = number < 20'000 ? 0 : late;
    ASSERT_NE(table.insert(flow), nullptr);
  }
  for (std::uint32_t number = 0; number < 1000; number += 2) {
    EXPECT_NE(find(table, numbered_flow(number).to_node_key()), nullptr);
  }
  EXPECT_EQ(table.size(), 1000U);
}

TEST(FlowTable, ShowsAllFlowsInBoundedPortions) {
  FlowTable4 table{{.capacity = 100}};
  std::vector<Flow4*> flows;
  for (std::uint32_t number = 0; number < 50; ++number) flows.push_back(table.insert(numbered_flow(number)));
  table.erase(*flows[7]);
  std::set<std::uint32_t> seen;
  std::size_t first = 0, portions = 0;
  while (first != FlowTable4::kEnd) {
    std::size_t shown = 0;
    first = table.visit(first, 8, [&](const Flow4& flow) {
      seen.insert(flow.service);
      ++shown;
    });
    EXPECT_LE(shown, 8U);
    ++portions;
  }
  EXPECT_EQ(seen.size(), 49U);
  EXPECT_FALSE(seen.contains(7));
  EXPECT_EQ(portions, 7U);
}

TEST(FlowTable, ReachesItsFullCapacityWithoutRefusal) {
  for (const std::size_t capacity : {1U, 2U, 7U, 16U, 100U, 1'000U, 1'024U, 16'384U, 100'000U, 1'048'576U}) {
    for (std::uint64_t seed = 0; seed < (capacity <= 16'384 ? 20U : 1U); ++seed) {
      FlowTable4 table{{.capacity = capacity, .seed = seed * 0x9e3779b97f4a7c15ULL}};
      for (std::uint32_t number = 0; number < capacity; ++number) {
        ASSERT_NE(table.insert(numbered_flow(number)), nullptr) << number << " of " << capacity << ", seed " << seed;
      }
      for (std::uint32_t number = 0; number < capacity; ++number) {
        ASSERT_NE(find(table, numbered_flow(number).to_node_key()), nullptr) << number << " of " << capacity;
        ASSERT_NE(find(table, numbered_flow(number).to_client_key()), nullptr) << number << " of " << capacity;
      }
    }
  }
}

TEST(FlowTable, TakesAtMost104BytesAFlow) {
  for (const std::size_t capacity : {std::size_t{1} << 20, std::size_t{10'000'000}}) {
    const FlowTable4 table{{.capacity = capacity}};
    EXPECT_LE(table.memory_bytes(), 104 * capacity);
    EXPECT_GE(table.memory_bytes(), 64 * capacity);
  }
}

struct KeyHash {
  std::size_t operator()(const net::FlowKey4& key) const { return net::hash(key); }
};

// A plain model, which must agree with the table under random inserts, look-ups, erasures, expiry and eviction.
class FlowTableModel : public testing::TestWithParam<std::size_t> {
 protected:
  static constexpr Tick kAgeMin = 20;

  void insert(std::uint32_t number) {
    Flow4 flow = numbered_flow(number);
    if (flows_.contains(flow.to_node_key())) return;
    flow.last_seen = now_;
    if (random_() % 2 == 0) flow = established(flow);
    const bool room = table_.make_room(now_, evicting_from(kAgeMin), [this](const Flow4& evicted) {
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
    const Flow4 flow = numbered_flow(number);
    const auto expected = flows_.find(flow.to_node_key());
    for (const auto direction : {Direction::kToNode, Direction::kToClient}) {
      const net::FlowKey4 key = flow.key(direction);
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
    const net::FlowKey4 key = numbered_flow(number).to_client_key();
    Flow4* const flow = table_.find(key, table_.hash(key)).flow;
    if (flow == nullptr) return;
    flows_.erase(flow->to_node_key());
    table_.erase(*flow);
  }

  void expire_all() {
    table_.expire(now_, timeouts_, GetParam(),
                  [this](const Flow4& expired) { EXPECT_EQ(flows_.erase(expired.to_node_key()), 1U); });
    for (const auto& [key, flow] : flows_) {
      ASSERT_LE(elapsed(now_, flow.last_seen), idle_limit(flow, timeouts_));
    }
  }

  void compare_all() {
    ASSERT_EQ(table_.size(), flows_.size());
    std::size_t seen = 0;
    table_.visit(0, GetParam(), [&](const Flow4& flow) { seen += flows_.contains(flow.to_node_key()) ? 1 : 0; });
    ASSERT_EQ(seen, flows_.size());
    for (const auto& [key, flow] : flows_) look_up(flow.service);
  }

  std::mt19937 random_{11};
  Timeouts timeouts_{.syn = 60, .established = 200};
  Tick now_ = ~Tick{0} - 1'000;  // The clock wraps on the way.
  FlowTable4 table_{{.capacity = GetParam(), .seed = 99}};
  std::unordered_map<net::FlowKey4, Flow4, KeyHash> flows_;
};

TEST_P(FlowTableModel, AgreesWithTheTable) {
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

INSTANTIATE_TEST_SUITE_P(Capacities, FlowTableModel, testing::Values(1, 5, 64, 1'000, 5'000));

}  // namespace
}  // namespace sluice::nat
