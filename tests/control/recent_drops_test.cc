#include "control/recent_drops.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/cases/sctp_frames.h"

namespace sluice::control {
namespace {

using cases::Bytes;
using dataplane::DroppedPacket;
using dataplane::RecentDrop;
using dataplane::Verdict;

DroppedPacket dropped(const Bytes& frame) {
  DroppedPacket packet{.length = static_cast<std::uint16_t>(frame.size())};
  std::copy_n(frame.begin(), std::min(frame.size(), packet.bytes.size()), packet.bytes.begin());
  return packet;
}

// All that is said, in one line.
std::string words(const Bytes& frame) {
  const auto told = in_words(dropped(frame));
  std::string text = told.protocol + " " + told.source + " " + std::to_string(told.source_port) + " " +
                     told.destination + " " + std::to_string(told.destination_port) + " [" + told.tcp_flags +
                     told.sctp_chunk + "]";
  if (told.icmp_type) text += " icmp " + std::to_string(*told.icmp_type) + "/" + std::to_string(*told.icmp_code);
  if (told.is_fragment) text += " fragment";
  return text + " ttl " + std::to_string(told.ttl);
}

constexpr const char* kUnreadable = "  0  0 [] ttl 0";

cases::Frame segment(std::uint8_t flags) { return cases::from_client(81, flags); }

cases::Frame segment6(std::uint8_t flags) {
  auto frame = segment(flags);
  frame.source = cases::kClient6;
  frame.destination = cases::kVip6;
  return frame;
}

TEST(InWords, TellsWhatTheHeadersSay) {
  auto datagram = segment(0);
  datagram.protocol = net::IpProtocol::kUdp;
  datagram.payload = std::string(1000, 'x');
  datagram.ttl = 63;
  auto fragment = segment(0);
  fragment.fragment = 0x2000;
  auto tunnel = segment(0);
  tunnel.protocol = net::IpProtocol{47};
  auto extended = segment6(net::kTcpSyn);
  extended.first_extension = net::IpProtocol::kDestinationOptions;
  extended.ip_options = {6, 0, 1, 4, 0, 0, 0, 0};
  auto ping = segment(0);
  ping.protocol = net::IpProtocol::kIcmp;
  const std::string client = "198.51.100.10", vip = "203.0.113.64";
  const struct {
    Bytes frame;
    std::string words;
  } rows[] = {
      {cases::bytes_of(segment(net::kTcpSyn)), "tcp " + client + " 40000 " + vip + " 81 [S] ttl 64"},
      {cases::bytes_of(segment(net::kTcpSyn | net::kTcpAck)), "tcp " + client + " 40000 " + vip + " 81 [S.] ttl 64"},
      {cases::bytes_of(segment(net::kTcpFin | net::kTcpPsh | net::kTcpAck)),
       "tcp " + client + " 40000 " + vip + " 81 [FP.] ttl 64"},
      {cases::bytes_of(segment(0)), "tcp " + client + " 40000 " + vip + " 81 [none] ttl 64"},
      {cases::bytes_of(datagram), "udp " + client + " 40000 " + vip + " 81 [] ttl 63"},
      {cases::bytes_of(fragment), "tcp " + client + " 0 " + vip + " 0 [] fragment ttl 64"},
      {cases::echo_bytes(ping, net::kIcmpEchoRequest, 3), "icmp " + client + " 0 " + vip + " 0 [] icmp 8/3 ttl 64"},
      {cases::bytes_of(segment6(net::kTcpRst)), "tcp 2001:db8:c::10 40000 2001:db8:64::1 81 [R] ttl 64"},
      {cases::bytes_of(cases::client_packet(net::kSctpInit)),
       "sctp " + client + " 40000 " + vip + " 2905 [INIT] ttl 64"},
      {cases::bytes_of(cases::v6(cases::client_packet(192))),
       "sctp 2001:db8:c::10 40000 2001:db8:64::1 2905 [192] ttl 64"},
      {cases::bytes_of(extended), "tcp 2001:db8:c::10 40000 2001:db8:64::1 81 [S] ttl 64"},
  };
  for (const auto& row : rows) EXPECT_EQ(words(row.frame), row.words);
}

TEST(InWords, SaysNothingOfWhatCannotBeRead) {
  const Bytes whole = cases::bytes_of(segment(net::kTcpSyn));
  for (const std::size_t length : {0UL, 5UL, 14UL, 30UL, 40UL, whole.size() - 1}) {
    EXPECT_EQ(words(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))), kUnreadable) << length;
  }
  auto far = segment6(net::kTcpSyn);  // Its ports stand behind what is kept.
  far.first_extension = net::IpProtocol::kDestinationOptions;
  far.ip_options = Bytes(64);
  far.ip_options[0] = 6;
  far.ip_options[1] = 7;
  EXPECT_EQ(words(cases::bytes_of(far)), kUnreadable);
  EXPECT_EQ(words(Bytes(1500, 0xff)), kUnreadable);
}

TEST(HexOf, HasTheBytesThatAreKept) {
  EXPECT_EQ(hex_of(dropped({0x02, 0x00, 0x5e, 0xff})), "02005eff");
  EXPECT_EQ(hex_of(dropped(Bytes(1500, 0xab))).size(), 2 * DroppedPacket::kBytesMax);
  EXPECT_EQ(hex_of(dropped({})), "");
}

TEST(ParseDrop, TakesDropsAndRefusalsByName) {
  EXPECT_EQ(parse_drop("")->has_value(), false);
  EXPECT_EQ(parse_drop("drop_stray")->value(), Verdict::kDropStray);
  EXPECT_EQ(parse_drop("reply_reset")->value(), Verdict::kReplyReset);
}

TEST(ParseDrop, RefusesOthersWithAGuess) {
  EXPECT_EQ(parse_drop("to_node").message(), "'to_node' is no drop: see `sluice show drops --all`");
  EXPECT_EQ(parse_drop("drop_no_servce").message(), "'drop_no_servce' is no drop: did you mean 'drop_no_service'?");
}

RecentDrop recent(Verdict drop, Verdict end, double age_seconds) {
  return {.packet = {.end = end}, .drop = drop, .age_seconds = age_seconds};
}

std::string text_of(const std::vector<RecentDrop>& drops) {
  std::string text;
  for (const auto& drop : drops) {
    text += std::string{name(drop.packet.end)} + " " + std::to_string(static_cast<int>(drop.age_seconds)) + "; ";
  }
  return text;
}

TEST(Chosen, StandVerdictByVerdictTheNewestFirst) {
  const std::vector<RecentDrop> all{recent(Verdict::kDropNoService, Verdict::kReplyReset, 5),
                                    recent(Verdict::kDropNoService, Verdict::kDropNoService, 9),
                                    recent(Verdict::kDropNoFlow, Verdict::kReplyReset, 2),
                                    recent(Verdict::kDropTtl, Verdict::kDropTtl, 1),
                                    recent(Verdict::kDropNoService, Verdict::kDropNoService, 3)};
  EXPECT_EQ(text_of(chosen(all, std::nullopt)),
            "drop_no_service 3; drop_no_service 9; drop_ttl 1; reply_reset 2; reply_reset 5; ");
  EXPECT_EQ(text_of(chosen(all, Verdict::kReplyReset)), "reply_reset 2; reply_reset 5; ");
  EXPECT_EQ(text_of(chosen(all, Verdict::kDropNoService)), "drop_no_service 3; drop_no_service 9; reply_reset 5; ");
  EXPECT_EQ(text_of(chosen(all, Verdict::kDropStray)), "");
}

}  // namespace
}  // namespace sluice::control
