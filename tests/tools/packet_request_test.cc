#include "tools/sluice/packet_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/sluice/command_line.h"

namespace sluice::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

CommandLine parsed(const Words& words) {
  const auto line = parse_command_line(words);
  EXPECT_TRUE(line) << (line ? "" : line.message());
  return line.value_or(CommandLine{});
}

std::string complaint(const Words& words) {
  const auto line = parse_command_line(words);
  return line ? "(none)" : line.message();
}

TEST(PacketRequest, AsksForWhatWasTyped) {
  const auto line = parsed({"capture",
                            "--client",
                            "198.51.100.10:40000",
                            "--vip",
                            "[2001:db8::1]:443",
                            "--node",
                            "n1",
                            "--protocol",
                            "icmp",
                            "--port",
                            "wan",
                            "--verdict",
                            "drop_ttl",
                            "--verdict",
                            "reply",
                            "--direction",
                            "in",
                            "--count",
                            "5",
                            "--seconds",
                            "0.5",
                            "--snaplen",
                            "96",
                            "--write",
                            "f"});
  EXPECT_EQ(line.action, CommandLine::Action::kLook);
  EXPECT_EQ(line.file, "f");
  const auto& question = line.request.capture_packets();
  EXPECT_EQ(question.count(), 5U);
  EXPECT_EQ(question.seconds(), 0.5);
  EXPECT_EQ(question.snaplen(), 96U);
  const auto& filter = question.filter();
  EXPECT_EQ(filter.flow().client(), "198.51.100.10");
  EXPECT_EQ(filter.flow().client_port(), 40000U);
  EXPECT_EQ(filter.flow().vip(), "2001:db8::1");
  EXPECT_EQ(filter.flow().vip_port(), 443U);
  EXPECT_EQ(filter.flow().node(), "n1");
  EXPECT_EQ(filter.flow().protocol(), "icmp");
  EXPECT_EQ(filter.port(), "wan");
  EXPECT_EQ(filter.direction(), "in");
  EXPECT_THAT(filter.verdicts(), ElementsAre("drop_ttl", "reply"));
}

TEST(PacketRequest, LeavesToTheDaemonWhatWasNotTyped) {
  const auto capture = parsed({"capture"});
  EXPECT_EQ(capture.file, std::nullopt);
  EXPECT_TRUE(capture.request.has_capture_packets());
  EXPECT_EQ(capture.request.capture_packets().count(), 0U);
  EXPECT_TRUE(parsed({"trace", "--vip", "203.0.113.64"}).request.has_trace_packets());
}

TEST(PacketRequest, SaysWhatIsWrong) {
  EXPECT_THAT(complaint({"capture", "--vip", "here"}), HasSubstr("--vip: "));
  EXPECT_THAT(complaint({"capture", "--protocol", "gre"}), HasSubstr("a protocol is tcp, udp, sctp, icmp or arp"));
  EXPECT_THAT(complaint({"capture", "--direction", "up"}), HasSubstr("a direction is in, out or both"));
  EXPECT_THAT(complaint({"capture", "--count", "0"}), HasSubstr("--count: '0' is no number of packets"));
  EXPECT_THAT(complaint({"capture", "--seconds", "nan"}), HasSubstr("--seconds: 'nan' is no number of seconds"));
  EXPECT_THAT(complaint({"capture", "--snaplen", "10"}), HasSubstr("--snaplen: '10' is no number of bytes from 64 on"));
  EXPECT_THAT(complaint({"capture", "--count", "1", "--count", "2"}), HasSubstr("--count is there more than once"));
  EXPECT_THAT(complaint({"capture", "web"}), HasSubstr("capture: 'web' is too much"));
  EXPECT_THAT(complaint({"capture", "--watch", "1"}), HasSubstr("--watch is no option of `sluice capture`"));
  EXPECT_THAT(complaint({"trace", "--write", "f"}), HasSubstr("--write is an option of `sluice capture`"));
  EXPECT_THAT(complaint({"trace", "--snaplen", "64"}), HasSubstr("--snaplen is an option of `sluice capture`"));
  EXPECT_THAT(complaint({"capture", "-o", "json", "--write", "f"}), HasSubstr("which of them?"));
  EXPECT_THAT(complaint({"show", "flows", "--count", "3"}), HasSubstr("--count is an option of `sluice capture`"));
  EXPECT_THAT(complaint({"capure"}), HasSubstr("did you mean 'capture'?"));
}

}  // namespace
}  // namespace sluice::cli
