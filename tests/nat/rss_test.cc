#include "nat/rss.h"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::nat {
namespace {

// Microsoft, "Verifying the RSS Hash Calculation": the key, and packets with the hash of addresses and ports.
constexpr std::array<std::uint8_t, 40> kPublishedKey{0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                                                     0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
                                                     0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
                                                     0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

struct Published {
  const char* source;
  std::uint16_t source_port;
  const char* destination;
  std::uint16_t destination_port;
  std::uint32_t hash;
};

template <typename Family>
net::FlowKey<Family> key_of(const Published& packet) {
  return {.source = Family::Address::parse(packet.source).value(),
          .destination = Family::Address::parse(packet.destination).value(),
          .source_port = net::Be16{packet.source_port},
          .destination_port = net::Be16{packet.destination_port}};
}

template <typename Family>
std::uint32_t hash_of(std::span<const std::uint8_t> key, const net::FlowKey<Family>& packet) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&packet);
  return Rss::toeplitz(key, {bytes, offsetof(net::FlowKey<Family>, protocol)});
}

TEST(Rss, HashesAsPublishedForIpv4) {
  for (const Published& packet : {Published{"66.9.149.187", 2794, "161.142.100.80", 1766, 0x51ccc178},
                                  Published{"199.92.111.2", 14230, "65.69.140.83", 4739, 0xc626b0ea},
                                  Published{"24.19.198.95", 12898, "12.22.207.184", 38024, 0x5c2b394a},
                                  Published{"38.27.205.30", 48228, "209.142.163.6", 2217, 0xafc7327f},
                                  Published{"153.39.163.191", 44251, "202.188.127.2", 1303, 0x10e828a2}}) {
    EXPECT_EQ(hash_of(kPublishedKey, key_of<net::Ipv4>(packet)), packet.hash) << packet.source;
  }
}

TEST(Rss, HashesAsPublishedForIpv6) {
  for (const Published& packet :
       {Published{"3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766, 0x40207d3d},
        Published{"3ffe:501:8::260:97ff:fe40:efab", 14230, "ff02::1", 4739, 0xdde51bbf},
        Published{"3ffe:1900:4545:3:200:f8ff:fe21:67cf", 44251, "fe80::200:f8ff:fe21:67cf", 38024, 0x02d1feef}}) {
    EXPECT_EQ(hash_of(kPublishedKey, key_of<net::Ipv6>(packet)), packet.hash) << packet.source;
  }
}

// What a NIC does with our key and a table of 128 queues.
template <typename Family>
unsigned queue_of(const Rss& rss, const net::FlowKey<Family>& packet) {
  constexpr unsigned kTable = 128;
  const unsigned entry = hash_of(rss.key().first(40), packet) % kTable;
  return rss.worker_of_bucket(entry % rss.buckets());
}

net::FlowKey4 packet4(std::uint32_t number) {
  return {.source = net::Ipv4Address{net::Be32{0x0a000000 + number * 7919}},
          .destination = net::Ipv4Address{net::Be32{0xc0000200 + number % 5}},
          .source_port = net::Be16{static_cast<std::uint16_t>(number * 31)},
          .destination_port = net::Be16{static_cast<std::uint16_t>(number % 3 == 0 ? 443 : 80)},
          .protocol = net::IpProtocol::kTcp};
}

net::FlowKey6 packet6(std::uint32_t number) {
  net::FlowKey6 key{.source_port = net::Be16{static_cast<std::uint16_t>(number * 31)},
                    .destination_port = net::Be16{443},
                    .protocol = net::IpProtocol::kUdp};
  key.source = net::Ipv6Address::parse("2001:db8::" + std::to_string(number % 9999)).value();
  key.destination = net::Ipv6Address::parse("2001:db8:ffff::64").value();
  return key;
}

TEST(Rss, NamesTheWorkerThatANicWouldTakeIn) {
  for (const unsigned workers : {1U, 2U, 3U, 4U, 7U, 16U, 64U}) {
    const Rss rss{workers, 42};
    for (std::uint32_t number = 0; number < 300; ++number) {
      ASSERT_EQ(rss.worker_of(packet4(number)), queue_of(rss, packet4(number))) << workers;
      ASSERT_EQ(rss.worker_of(packet6(number)), queue_of(rss, packet6(number))) << workers;
    }
  }
}

TEST(Rss, AddsUpFromParts) {
  const Rss rss{16, 7};
  const net::FlowKey4 whole = packet4(1234);
  net::FlowKey4 ends = whole, port{};
  ends.destination_port = {};
  port.destination_port = whole.destination_port;
  EXPECT_EQ(rss.bucket_of(whole), rss.bucket_of(ends) ^ rss.bucket_of(port));
}

// Also where only the client's port differs, or only the last bits of the node's address.
TEST(Rss, SharesPacketsOutEvenly) {
  for (const unsigned workers : {2U, 3U, 4U, 6U, 12U, 16U}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const Rss rss{workers, seed};
      std::map<unsigned, unsigned> ports_of;
      net::FlowKey4 packet = packet4(99);
      for (std::uint16_t port = 32'768; port < 60'000; ++port) {
        packet.destination_port = net::Be16{port};
        ++ports_of[rss.worker_of(packet)];
      }
      ASSERT_EQ(ports_of.size(), workers);
      for (const auto& [worker, ports] : ports_of) {
        ASSERT_NEAR(ports, 27'232.0 / workers, 27'232.0 / 64 + 64) << worker << " of " << workers << ", seed " << seed;
      }
    }
  }
}

TEST(Rss, HasAnotherKeyWithAnotherSeedAndTheSameWithTheSame) {
  const Rss one{4, 1}, same{4, 1}, other{4, 2};
  EXPECT_TRUE(std::ranges::equal(one.key(), same.key()));
  EXPECT_FALSE(std::ranges::equal(one.key(), other.key()));
}

}  // namespace
}  // namespace sluice::nat
