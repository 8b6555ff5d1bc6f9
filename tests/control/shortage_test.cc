#include "control/shortage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::control {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> told(ShortageWatch& watch, std::uint64_t in_use) {
  const Resource resource{.name = "seats", .in_use = in_use, .capacity = 1000, .remedy = "bring chairs"};
  return watch.look({&resource, 1});
}

TEST(Shortage, IsToldBeforeTheEndAndUntilThereIsEnoughAgain) {
  const std::string sentence = "seats: nearly all of 1000 are in use; bring chairs";
  ShortageWatch watch;
  EXPECT_THAT(told(watch, 799), IsEmpty());
  EXPECT_THAT(told(watch, 800), ElementsAre(sentence));
  EXPECT_THAT(told(watch, 1000), ElementsAre(sentence));
  EXPECT_THAT(told(watch, 700), ElementsAre(sentence)) << "neither short nor enough";
  EXPECT_THAT(told(watch, 699), IsEmpty());
  EXPECT_THAT(told(watch, 750), IsEmpty());
}

TEST(Shortage, NothingIsNothingToRunOutOf) {
  ShortageWatch watch;
  const Resource none{.name = "none"};
  EXPECT_THAT(watch.look({&none, 1}), IsEmpty());
}

TEST(Shortage, AFamilyIsShortWhenAllOfItsAddressesAre) {
  const auto address = [](const char* text) { return *net::IpAddress::parse(text); };
  const std::vector<dataplane::SnatUsage> snat{
      {.address = address("192.0.2.1"), .fullest = 90, .fullest_max = 100},
      {.address = address("192.0.2.2"), .fullest = 10, .fullest_max = 100},
      {.address = address("2001:db8::1"), .fullest = 95, .fullest_max = 100},
  };
  const std::vector<std::uint64_t> flows{5, 6};
  const auto resources = resources_of(flows, 50, snat);
  ASSERT_EQ(resources.size(), 4U);
  EXPECT_EQ(resources[1].name, "room for flows of worker 1");
  EXPECT_EQ(resources[1].in_use, 6U);
  EXPECT_EQ(resources[1].capacity, 50U);
  EXPECT_EQ(resources[2].in_use, 10U) << resources[2].name;
  EXPECT_EQ(resources[3].in_use, 95U) << resources[3].name;
}

TEST(Shortage, AFamilyWithoutAddressesIsNotThere) { EXPECT_THAT(resources_of({}, 50, {}), IsEmpty()); }

}  // namespace
}  // namespace sluice::control
