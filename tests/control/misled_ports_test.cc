#include "control/misled_ports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::control {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

dataplane::PortStatus port(std::uint64_t received, std::uint64_t handed_over) {
  dataplane::PortStatus status{.name = "lan", .queues = 4};
  status.rx_packets = received;
  status.handed_over = handed_over;
  return status;
}

std::vector<std::string> said_of(const dataplane::PortStatus& status, NodesAnswer nodes_answer = NodesAnswer::kUs) {
  return misled_ports({&status, 1}, nodes_answer);
}

TEST(MisledPorts, NamesADeviceThatDoesNotKeepItsWord) {
  EXPECT_THAT(
      said_of(port(20'000, 15'000)),
      ElementsAre("port lan: the device took our RSS key and table, but does not go by them: 75 % of its packets "
                  "are handed from one worker to another"));
}

TEST(MisledPorts, SaysNothingOfFewPacketsOrFewOfThem) {
  EXPECT_THAT(said_of(port(9'999, 9'999)), IsEmpty());
  EXPECT_THAT(said_of(port(20'000, 100)), IsEmpty());
}

TEST(MisledPorts, SaysNothingWhereNodesAnswerClientsByThemselves) {
  EXPECT_THAT(said_of(port(20'000, 15'000), NodesAnswer::kClients), IsEmpty());
}

TEST(MisledPorts, SaysNothingOfADeviceThatPromisedNothing) {
  auto status = port(20'000, 15'000);
  status.why_handed_over = "the device has one queue";
  EXPECT_THAT(said_of(status), IsEmpty());
}

}  // namespace
}  // namespace sluice::control
