#include "lb/service_table.h"

#include <gtest/gtest.h>

namespace sluice::lb {
namespace {

using net::Be16;
using net::Be32;
using net::IpProtocol;
using net::Ipv4Address;

constexpr Ipv4Address kVip{Be32{0xcb007140}};    // 203.0.113.64
constexpr Ipv4Address kOther{Be32{0xcb007141}};  // 203.0.113.65

TEST(ServiceTable, FindsAServiceByAddressPortAndProtocol) {
  const ServiceEntry<net::Ipv4> entries[] = {{{kVip, Be16{80}, IpProtocol::kTcp}, 4},
                                             {{kVip, Be16{53}, IpProtocol::kUdp}, 9}};
  const ServiceTable4 table{entries};
  EXPECT_EQ(table.find(kVip, Be16{80}, IpProtocol::kTcp), 4U);
  EXPECT_EQ(table.find(kVip, Be16{53}, IpProtocol::kUdp), 9U);
  EXPECT_EQ(table.find(kVip, Be16{53}, IpProtocol::kTcp), kNoService);
  EXPECT_EQ(table.find(kVip, Be16{81}, IpProtocol::kTcp), kNoService);
  EXPECT_EQ(table.find(kOther, Be16{80}, IpProtocol::kTcp), kNoService);
}

TEST(ServiceTable, KnowsVipsApartFromTheirPorts) {
  const ServiceEntry<net::Ipv4> entries[] = {{{kVip, Be16{80}, IpProtocol::kTcp}, 0}};
  const ServiceTable4 table{entries};
  EXPECT_TRUE(table.has_vip(kVip));
  EXPECT_FALSE(table.has_vip(kOther));
  EXPECT_EQ(table.find(kVip, Be16{0}, IpProtocol{0}), kNoService);
}

TEST(ServiceTable, FindsNothingWhenEmpty) {
  const ServiceTable4 table;
  EXPECT_EQ(table.find(Ipv4Address{}, Be16{0}, IpProtocol{0}), kNoService);
  EXPECT_FALSE(table.has_vip(Ipv4Address{}));
}

TEST(ServiceTable, LetsTheFirstOfEqualKeysCount) {
  const ServiceKey<net::Ipv4> key{kVip, Be16{80}, IpProtocol::kTcp};
  const ServiceEntry<net::Ipv4> entries[] = {{key, 1}, {key, 2}};
  EXPECT_EQ(ServiceTable4{entries}.find(key), 1U);
}

TEST(ServiceTable, HoldsFiveThousandServicesOfFivePorts) {
  std::vector<ServiceEntry<net::Ipv4>> entries;
  for (std::uint32_t i = 0; i < 25000; ++i) {
    const auto port = static_cast<std::uint16_t>(1000 + i % 5);
    entries.push_back({{Ipv4Address{Be32{0x0a000000 + i / 5}}, Be16{port}, IpProtocol::kTcp}, i});
  }
  const ServiceTable4 table{entries};
  for (const ServiceEntry<net::Ipv4>& entry : entries) EXPECT_EQ(table.find(entry.key), entry.index);
  EXPECT_FALSE(table.has_vip(Ipv4Address{Be32{0x0a000000 + 5000}}));
  EXPECT_LE(table.memory_bytes(), 1U << 20);
}

}  // namespace
}  // namespace sluice::lb
