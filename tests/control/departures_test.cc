#include "control/departures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::control {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr lb::BackendId kOne = 1, kTwo = 2;
constexpr std::uint32_t kWeb = 7, kDns = 8;
const Departures::TimePoint kStart{};

class DeparturesTest : public testing::Test {
 protected:
  Departures departures_{{.lost_node = seconds{10}, .drain = seconds{60}}};
};

TEST_F(DeparturesTest, LoseANodeThatIsSilentForLongEnough) {
  departures_.note_nodes({{kOne, true}, {kTwo, false}}, kStart);
  EXPECT_FALSE(departures_.is_lost(kTwo, kStart + seconds{9}));
  EXPECT_EQ(departures_.next_deadline(kStart), kStart + seconds{10});
  departures_.note_nodes({{kOne, true}, {kTwo, false}}, kStart + seconds{5});
  EXPECT_TRUE(departures_.is_lost(kTwo, kStart + seconds{10}));
  EXPECT_FALSE(departures_.is_lost(kOne, kStart + seconds{10}));
  EXPECT_EQ(departures_.next_deadline(kStart + seconds{10}), std::nullopt);
}

TEST_F(DeparturesTest, TakeANodeBackAtOnce) {
  departures_.note_nodes({{kOne, false}}, kStart);
  departures_.note_nodes({{kOne, true}}, kStart + seconds{20});
  EXPECT_FALSE(departures_.is_lost(kOne, kStart + seconds{20}));
  departures_.note_nodes({{kOne, false}}, kStart + seconds{21});
  EXPECT_FALSE(departures_.is_lost(kOne, kStart + seconds{30})) << "silence is counted anew";
}

TEST_F(DeparturesTest, DoNotTakeANumberForItsFormerOwner) {
  departures_.note_nodes({{kOne, false}}, kStart);
  departures_.note_nodes({}, kStart + seconds{1});
  departures_.note_nodes({{kOne, false}}, kStart + seconds{20});
  EXPECT_FALSE(departures_.is_lost(kOne, kStart + seconds{20}));
}

TEST_F(DeparturesTest, DrainANodeForEachPortByItself) {
  departures_.note_ports({{kWeb, {kOne, kTwo}}, {kDns, {kOne, kTwo}}}, kStart);
  EXPECT_EQ(departures_.next_deadline(kStart), std::nullopt);
  departures_.note_ports({{kWeb, {kTwo}}, {kDns, {kOne, kTwo}}}, kStart + seconds{1});
  EXPECT_THAT(departures_.drained(kWeb, kStart + seconds{60}), IsEmpty());
  EXPECT_EQ(departures_.next_deadline(kStart + seconds{2}), kStart + seconds{61});
  EXPECT_THAT(departures_.drained(kWeb, kStart + seconds{61}), ElementsAre(kOne));
  EXPECT_THAT(departures_.drained(kDns, kStart + seconds{61}), IsEmpty());
}

TEST_F(DeparturesTest, EndADrainWhenTheNodeServesAgain) {
  departures_.note_ports({{kWeb, {kOne}}}, kStart);
  departures_.note_ports({{kWeb, {}}}, kStart + seconds{1});
  departures_.note_ports({{kWeb, {kOne}}}, kStart + seconds{50});
  EXPECT_THAT(departures_.drained(kWeb, kStart + seconds{70}), IsEmpty());
  departures_.note_ports({{kWeb, {}}}, kStart + seconds{70});
  EXPECT_THAT(departures_.drained(kWeb, kStart + seconds{100}), IsEmpty());
  EXPECT_THAT(departures_.drained(kWeb, kStart + seconds{130}), ElementsAre(kOne));
}

TEST_F(DeparturesTest, ForgetPortsThatAreGone) {
  departures_.note_ports({{kWeb, {kOne}}}, kStart);
  departures_.note_ports({{kWeb, {}}}, kStart);
  departures_.note_ports({}, kStart + seconds{1});
  EXPECT_THAT(departures_.drained(kWeb, kStart + seconds{100}), IsEmpty());
  EXPECT_EQ(departures_.next_deadline(kStart), std::nullopt);
}

TEST(DeparturesWithPatience, KeepEverythingForEver) {
  Departures patient{{}};
  patient.note_nodes({{kOne, false}}, kStart);
  patient.note_ports({{kWeb, {kOne}}}, kStart);
  patient.note_ports({{kWeb, {}}}, kStart);
  EXPECT_FALSE(patient.is_lost(kOne, kStart + std::chrono::hours{1000}));
  EXPECT_THAT(patient.drained(kWeb, kStart + std::chrono::hours{1000}), IsEmpty());
  EXPECT_EQ(patient.next_deadline(kStart), std::nullopt);
}

}  // namespace
}  // namespace sluice::control
