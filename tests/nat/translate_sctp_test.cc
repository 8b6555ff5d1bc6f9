// translate.h for SCTP, whose checksum has no delta that a flow could keep.

#include <algorithm>
#include <random>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "nat/translate.h"

namespace sluice::nat {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kIpLength = sizeof(net::Ipv4Header);

net::Ipv4Header& ip_of(Bytes& bytes) { return *reinterpret_cast<net::Ipv4Header*>(bytes.data()); }
net::SctpHeader& sctp_of(Bytes& bytes) { return *reinterpret_cast<net::SctpHeader*>(bytes.data() + kIpLength); }
std::span<std::uint8_t> l4_of(Bytes& bytes) { return std::span{bytes}.subspan(kIpLength); }

void compute_checksums(Bytes& bytes) {
  ip_of(bytes).checksum = {};
  ip_of(bytes).checksum = net::checksum(std::span{bytes}.first(kIpLength));
  sctp_of(bytes).checksum = net::sctp_checksum(l4_of(bytes));
}

class TranslateSctp : public testing::Test {
 protected:
  net::Ipv4Address random_address() { return {net::Be32::from_raw(static_cast<std::uint32_t>(random_()))}; }
  net::Be16 random_port() { return net::Be16::from_raw(static_cast<std::uint16_t>(random_())); }

  Bytes random_packet() {
    Bytes bytes(kIpLength + sizeof(net::SctpHeader) + random_() % 1400);
    std::ranges::generate(bytes, [this] { return static_cast<std::uint8_t>(random_()); });
    auto& ip = ip_of(bytes);
    ip.version_and_length = 0x45;
    ip.total_length = net::Be16{static_cast<std::uint16_t>(bytes.size())};
    ip.protocol = net::IpProtocol::kSctp;
    compute_checksums(bytes);
    return bytes;
  }

  Flow4 random_flow_for(Bytes& bytes) {
    return make_flow<net::Ipv4>({.client = key_of(bytes),
                                 .snat = random_address(),
                                 .snat_port = random_port(),
                                 .node = random_address(),
                                 .node_port = random_port()});
  }
  static net::FlowKey4 key_of(Bytes& bytes) {
    return {ip_of(bytes).source, ip_of(bytes).destination, sctp_of(bytes).source_port, sctp_of(bytes).destination_port,
            net::IpProtocol::kSctp};
  }

  std::mt19937 random_{1};
};

// What goes back has the addresses and ports of the node's answer.
void turn_round(Bytes& bytes) {
  std::swap(ip_of(bytes).source, ip_of(bytes).destination);
  std::swap(sctp_of(bytes).source_port, sctp_of(bytes).destination_port);
  compute_checksums(bytes);
}

TEST_F(TranslateSctp, LeavesChecksumsAsIfComputedAnew) {
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes = random_packet();
    const Flow4 flow = random_flow_for(bytes);
    translate_sctp(ip_of(bytes), l4_of(bytes), flow, Direction::kToNode);
    EXPECT_EQ(ip_of(bytes).source, flow.snat);
    EXPECT_EQ(sctp_of(bytes).source_port, flow.snat_port);
    EXPECT_EQ(sctp_of(bytes).destination_port, flow.node_port);
    Bytes expected = bytes;
    compute_checksums(expected);
    ASSERT_EQ(bytes, expected);
  }
}

TEST_F(TranslateSctp, ThereAndBackIsTheIdentity) {
  for (int round = 0; round < 20'000; ++round) {
    const Bytes original = random_packet();
    Bytes bytes = original;
    const Flow4 flow = random_flow_for(bytes);
    translate_sctp(ip_of(bytes), l4_of(bytes), flow, Direction::kToNode);
    turn_round(bytes);
    translate_sctp(ip_of(bytes), l4_of(bytes), flow, Direction::kToClient);
    turn_round(bytes);
    ASSERT_EQ(bytes, original);
  }
}

TEST_F(TranslateSctp, LeavesAWrongChecksumWrongByTheSameBits) {
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes = random_packet();
    const auto wrong_by = static_cast<std::uint32_t>(random_());
    sctp_of(bytes).checksum = net::Le32{sctp_of(bytes).checksum.host() ^ wrong_by};
    translate_sctp(ip_of(bytes), l4_of(bytes), random_flow_for(bytes), Direction::kToNode);
    ASSERT_EQ(sctp_of(bytes).checksum.host() ^ net::sctp_checksum(l4_of(bytes)).host(), wrong_by);
  }
}

TEST_F(TranslateSctp, LeavesEveryBitOfAnUntranslatedPacket) {
  Bytes bytes = random_packet();
  const Bytes before = bytes;
  const Flow4 flow = make_flow(untranslated(key_of(bytes), TcpState::kNone));
  EXPECT_FALSE(changes_ports(flow));
  translate_sctp(ip_of(bytes), l4_of(bytes), flow, Direction::kToNode);
  EXPECT_EQ(bytes, before);
}

TEST_F(TranslateSctp, MakesOfAQuotedPacketWhatHadComeInHoweverMuchIsQuoted) {
  for (int round = 0; round < 20'000; ++round) {
    const Bytes original = random_packet();
    Bytes bytes = original;
    const Flow4 flow = random_flow_for(bytes);
    translate_sctp(ip_of(bytes), l4_of(bytes), flow, Direction::kToNode);
    const std::size_t quoted = sizeof(net::SctpHeader) + random_() % (bytes.size() - kIpLength - 11);
    translate_quoted(ip_of(bytes), l4_of(bytes).first(quoted), flow, Direction::kToClient);
    ASSERT_EQ(bytes, original);
  }
}

TEST_F(TranslateSctp, TranslatesThePortsOfAShortQuotationAndNothingBehind) {
  Bytes bytes = random_packet();
  const Flow4 flow = random_flow_for(bytes);
  const Bytes before = bytes;
  translate_quoted(ip_of(bytes), l4_of(bytes).first(8), flow, Direction::kToNode);
  EXPECT_EQ(sctp_of(bytes).source_port, flow.node_port);
  EXPECT_TRUE(std::equal(bytes.begin() + 24, bytes.end(), before.begin() + 24));
}

// A quoted header may say anything.
TEST_F(TranslateSctp, LeavesTheChecksumOfAQuotationWithAnImpossibleLength) {
  for (const std::uint16_t length : {0, 19, 20, 31}) {
    Bytes bytes = random_packet();
    const Flow4 flow = random_flow_for(bytes);
    ip_of(bytes).total_length = net::Be16{length};
    const auto before = sctp_of(bytes).checksum;
    translate_quoted(ip_of(bytes), l4_of(bytes), flow, Direction::kToNode);
    EXPECT_EQ(sctp_of(bytes).checksum, before);
  }
}

}  // namespace
}  // namespace sluice::nat
