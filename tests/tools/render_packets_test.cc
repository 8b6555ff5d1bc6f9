#include "tools/sluice/render_packets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

admin::Frame frame() {
  admin::Frame frame;
  frame.set_time_ns(1'700'000'000'000'000'042);
  frame.set_port("wan");
  frame.set_direction("in");
  frame.set_length(74);
  frame.set_verdict("reply_reset");
  frame.set_instead_of("drop_no_service");
  frame.set_worker(1);
  frame.set_protocol("tcp");
  frame.set_source("2001:db8::1");
  frame.set_source_port(40000);
  frame.set_destination("2001:db8::2");
  frame.set_destination_port(80);
  frame.set_tcp_flags("S");
  return frame;
}

TEST(RenderPackets, ShowsAFrameInALine) {
  EXPECT_THAT(
      to_line(frame()),
      EndsWith(".000000042 wan in  tcp [2001:db8::1]:40000 > [2001:db8::2]:80 [S], 74 bytes: reply_reset instead "
               "of drop_no_service\n"));
}

TEST(RenderPackets, ShowsWhatHasNoPortsWithoutThem) {
  auto ping = frame();
  ping.set_protocol("icmp");
  ping.clear_source_port();
  ping.clear_destination_port();
  ping.clear_tcp_flags();
  ping.set_icmp_type(8);
  EXPECT_THAT(to_line(ping), HasSubstr("icmp 2001:db8::1 > 2001:db8::2 type 8 code 0, 74 bytes"));
  ping.clear_protocol();
  EXPECT_THAT(to_line(ping), HasSubstr("wan in  not IP, 74 bytes"));
}

TEST(RenderPackets, PutsTheVerdictBesideAFrameInAFile) {
  EXPECT_EQ(comment_of(frame()), "reply_reset instead of drop_no_service, worker 1");
}

TEST(RenderPackets, ShowsATraceStepByStep) {
  admin::TracedPacket packet;
  packet.set_verdict("to_node");
  auto& step = *packet.add_steps();
  step.set_step("parse");
  step.set_sentence("tcp\033[2J");
  EXPECT_THAT(to_text(packet), EndsWith("#  STEP   WHAT\n1  parse  tcp?[2J\nverdict: to_node\n\n"));
}

TEST(RenderPackets, IsOneLineOfJsonForPrograms) {
  const auto line = to_json_line(frame());
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_THAT(line, HasSubstr("\"verdict\":\"reply_reset\""));
}

}  // namespace
}  // namespace sluice::cli
