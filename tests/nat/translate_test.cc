#include "nat/translate.h"

#include <algorithm>
#include <array>
#include <random>
#include <span>

#include <gtest/gtest.h>

namespace sluice::nat {
namespace {

constexpr std::size_t kLength = 60;
using Bytes = std::array<std::uint8_t, kLength>;

net::Ipv4Header& ip_of(Bytes& bytes) { return *reinterpret_cast<net::Ipv4Header*>(bytes.data()); }
std::uint8_t* l4_of(Bytes& bytes) { return bytes.data() + sizeof(net::Ipv4Header); }
net::Be16& l4_checksum_of(Bytes& bytes) {
  return ip_of(bytes).protocol == net::IpProtocol::kTcp ? reinterpret_cast<net::TcpHeader*>(l4_of(bytes))->checksum
                                                        : reinterpret_cast<net::UdpHeader*>(l4_of(bytes))->checksum;
}

// Both checksums anew, over all bytes.
void compute_checksums(Bytes& bytes) {
  auto& ip = ip_of(bytes);
  ip.checksum = {};
  ip.checksum = net::checksum(std::span{bytes}.first(sizeof ip));
  const auto l4 = std::span{bytes}.subspan(sizeof ip);
  auto& field = l4_checksum_of(bytes);
  field = {};
  field = net::checksum(l4, net::pseudo_header_sum(ip.source, ip.destination, static_cast<std::uint8_t>(ip.protocol),
                                                   static_cast<std::uint16_t>(l4.size())));
  if (ip.protocol == net::IpProtocol::kUdp && field.raw() == 0) field = net::Be16{0xffff};
}

class Translate : public testing::TestWithParam<net::IpProtocol> {
 protected:
  net::Ipv4Address random_address() { return {net::Be32::from_raw(static_cast<std::uint32_t>(random_()))}; }
  net::Be16 random_port() { return net::Be16::from_raw(static_cast<std::uint16_t>(random_())); }

  // A packet of random bytes with true checksums.
  Bytes random_packet() {
    Bytes bytes;
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random_());
    auto& ip = ip_of(bytes);
    ip.version_and_length = 0x45;
    ip.total_length = net::Be16{kLength};
    ip.ttl = static_cast<std::uint8_t>(std::max<int>(2, ip.ttl));
    ip.protocol = GetParam();
    compute_checksums(bytes);
    return bytes;
  }

  Flow4 random_flow_for(Bytes& bytes) {
    const auto* ports = reinterpret_cast<const net::Be16*>(l4_of(bytes));
    return make_flow<net::Ipv4>(
        {.client = {ip_of(bytes).source, ip_of(bytes).destination, ports[0], ports[1], GetParam()},
         .snat = random_address(),
         .snat_port = random_port(),
         .node = random_address(),
         .node_port = random_port()});
  }

  std::mt19937 random_{1};
};

TEST_P(Translate, LeavesChecksumsAsIfComputedAnew) {
  for (int round = 0; round < 200'000; ++round) {
    Bytes bytes = random_packet();
    const Flow4 flow = random_flow_for(bytes);
    translate_to_node(ip_of(bytes), l4_of(bytes), flow);
    decrement_ttl(ip_of(bytes));
    Bytes expected = bytes;
    compute_checksums(expected);
    ASSERT_EQ(bytes, expected);
  }
}

TEST_P(Translate, ThereAndBackIsTheIdentity) {
  for (int round = 0; round < 200'000; ++round) {
    const Bytes original = random_packet();
    Bytes bytes = original;
    const Flow4 flow = random_flow_for(bytes);
    translate_to_node(ip_of(bytes), l4_of(bytes), flow);
    EXPECT_EQ(ip_of(bytes).source, flow.snat);
    EXPECT_EQ(ip_of(bytes).destination, flow.node);

    // What goes back has the addresses and ports of the node's answer; their exchange changes no sum.
    std::swap(ip_of(bytes).source, ip_of(bytes).destination);
    auto* ports = reinterpret_cast<net::Be16*>(l4_of(bytes));
    std::swap(ports[0], ports[1]);
    translate_to_client(ip_of(bytes), l4_of(bytes), flow);
    std::swap(ip_of(bytes).source, ip_of(bytes).destination);
    std::swap(ports[0], ports[1]);
    ASSERT_EQ(bytes, original);
  }
}

TEST_P(Translate, GivesTheClientWhatLooksLikeTheVipsAnswer) {
  Bytes bytes = random_packet();
  const Flow4 flow = random_flow_for(bytes);
  translate_to_client(ip_of(bytes), l4_of(bytes), flow);
  const auto* ports = reinterpret_cast<const net::Be16*>(l4_of(bytes));
  EXPECT_EQ(ip_of(bytes).source, flow.vip);
  EXPECT_EQ(ip_of(bytes).destination, flow.client);
  EXPECT_EQ(ports[0], flow.vip_port);
  EXPECT_EQ(ports[1], flow.client_port);
}

// All checksums that a TCP sender can have computed: it never arrives at 0xffff, the other zero.
TEST_P(Translate, LeavesEveryBitOfAnUntranslatedPacket) {
  for (int checksum = 0; checksum < 0xffff; ++checksum) {
    Bytes bytes = random_packet();
    l4_checksum_of(bytes) = net::Be16{static_cast<std::uint16_t>(checksum)};
    const auto* ports = reinterpret_cast<const net::Be16*>(l4_of(bytes));
    const net::FlowKey4 key{ip_of(bytes).source, ip_of(bytes).destination, ports[0], ports[1], GetParam()};
    const Bytes before = bytes;
    translate_to_node(ip_of(bytes), l4_of(bytes), make_flow(untranslated(key, TcpState::kOneWaySynSent)));
    ASSERT_EQ(bytes, before);
  }
}

TEST_P(Translate, MakesOfAQuotedPacketWhatHadComeIn) {
  for (int round = 0; round < 50'000; ++round) {
    const Bytes original = random_packet();
    Bytes bytes = original;
    const Flow4 flow = random_flow_for(bytes);
    translate_to_node(ip_of(bytes), l4_of(bytes), flow);
    translate_quoted(ip_of(bytes), {l4_of(bytes), kLength - sizeof(net::Ipv4Header)}, flow, Direction::kToClient);
    ASSERT_EQ(bytes, original);
  }
}

TEST_P(Translate, ChangesNothingBehindAQuotation) {
  Bytes bytes = random_packet();
  const Flow4 flow = random_flow_for(bytes);
  const Bytes before = bytes;
  translate_quoted(ip_of(bytes), {l4_of(bytes), 8}, flow, Direction::kToNode);
  EXPECT_NE(bytes, before);
  EXPECT_TRUE(std::equal(bytes.begin() + 28, bytes.end(), before.begin() + 28));
}

INSTANTIATE_TEST_SUITE_P(TcpAndUdp, Translate, testing::Values(net::IpProtocol::kTcp, net::IpProtocol::kUdp),
                         [](const auto& test) { return net::to_string(test.param); });

class TranslateUdp : public Translate {};

TEST_P(TranslateUdp, LeavesAZeroChecksumAlone) {
  Bytes bytes = random_packet();
  l4_checksum_of(bytes) = {};
  const Flow4 flow = random_flow_for(bytes);
  translate_to_node(ip_of(bytes), l4_of(bytes), flow);
  EXPECT_EQ(l4_checksum_of(bytes).raw(), 0);
  translate_to_client(ip_of(bytes), l4_of(bytes), flow);
  EXPECT_EQ(l4_checksum_of(bytes).raw(), 0);
}

TEST_P(TranslateUdp, SendsAComputedZeroAsOnes) {
  Bytes bytes = random_packet();
  const Flow4 flow = random_flow_for(bytes);
  // The last word takes up whatever is missing until the sum after translation is zero.
  translate_to_node(ip_of(bytes), l4_of(bytes), flow);
  auto& last = *reinterpret_cast<net::Be16*>(bytes.data() + kLength - 2);
  const auto total = net::ones_sum({}, std::uint64_t{last.raw()} + l4_checksum_of(bytes).raw());
  last = net::Be16::from_raw(total);
  l4_checksum_of(bytes) = net::Be16{0xffff};

  std::swap(ip_of(bytes).source, ip_of(bytes).destination);
  auto* ports = reinterpret_cast<net::Be16*>(l4_of(bytes));
  std::swap(ports[0], ports[1]);
  translate_to_client(ip_of(bytes), l4_of(bytes), flow);
  std::swap(ip_of(bytes).source, ip_of(bytes).destination);
  std::swap(ports[0], ports[1]);
  const auto between = l4_checksum_of(bytes);
  EXPECT_NE(between.raw(), 0xffff);
  translate_to_node(ip_of(bytes), l4_of(bytes), flow);
  EXPECT_EQ(l4_checksum_of(bytes).raw(), 0xffff);
  Bytes expected = bytes;
  compute_checksums(expected);
  EXPECT_EQ(bytes, expected);
}

INSTANTIATE_TEST_SUITE_P(Udp, TranslateUdp, testing::Values(net::IpProtocol::kUdp),
                         [](const auto& test) { return net::to_string(test.param); });

TEST(DecrementTtl, EqualsRecomputationForEveryTtlAndChecksum) {
  for (unsigned ttl = 1; ttl < 256; ++ttl) {
    for (unsigned id = 0; id < 65'536; id += 7) {
      Bytes bytes{};
      auto& ip = ip_of(bytes);
      ip.version_and_length = 0x45;
      ip.identification = net::Be16{static_cast<std::uint16_t>(id)};
      ip.ttl = static_cast<std::uint8_t>(ttl);
      const auto header = std::span{bytes}.first(sizeof ip);
      ip.checksum = net::checksum(header);
      decrement_ttl(ip);
      ASSERT_EQ(net::ones_sum(header), 0xffff);
      ASSERT_EQ(ip.ttl, ttl - 1);
    }
  }
}

}  // namespace
}  // namespace sluice::nat
