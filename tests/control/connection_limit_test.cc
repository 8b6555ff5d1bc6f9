#include "control/connection_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/control/objects.h"

namespace sluice::control {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Asked {
  const char* all = nullptr;
  const char* client = nullptr;
};

PlannedService planned(const Asked& asked) {
  auto web = service("web");
  if (asked.all != nullptr) web.meta.annotations[std::string{kNewConnectionsAnnotation}] = asked.all;
  if (asked.client != nullptr) web.meta.annotations[std::string{kNewConnectionsByClientAnnotation}] = asked.client;
  PlannedService planned;
  read_connection_limit(web, planned);
  return planned;
}

TEST(ConnectionLimit, IsWhatTheAnnotationsSay) {
  const auto both = planned({"5000", "20"});
  EXPECT_EQ(both.connection_limit.a_second, 5'000U);
  EXPECT_EQ(both.connection_limit.a_second_by_client, 20U);
  EXPECT_THAT(both.notes, IsEmpty());
  EXPECT_EQ(sentence_of(both.connection_limit), "5000, 20 of one client new connections a second at most");
  EXPECT_EQ(sentence_of(planned({"5000"}).connection_limit), "5000 new connections a second at most");
  EXPECT_EQ(sentence_of(planned({nullptr, "20"}).connection_limit),
            "20 of one client new connections a second at most");
  EXPECT_EQ(sentence_of(planned({}).connection_limit), "");
}

TEST(ConnectionLimit, IsNoneWhereTheAnnotationCannotBeRead) {
  for (const char* wrong : {"", "0", "-1", "1.5", "many", " 5", "5 ", "10000001", "99999999999999999999"}) {
    const auto web = planned({wrong});
    EXPECT_EQ(web.connection_limit.a_second, 0U);
    EXPECT_THAT(web.notes,
                ElementsAre("annotation sluice.dev/new-connections: expected a number from 1 to 10000000, got \"" +
                            std::string{wrong} + "\"; there is no such limit now"));
  }
  EXPECT_EQ(planned({nullptr, "10001"}).notes.size(), 1U);
  EXPECT_EQ(planned({nullptr, "10000"}).connection_limit.a_second_by_client, 10'000U);
}

}  // namespace
}  // namespace sluice::control
