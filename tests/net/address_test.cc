#include "net/address.h"

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

TEST(MacAddress, ReadsWhatItWrites) {
  const auto mac = MacAddress::parse("02:00:5e:10:0a:ff");
  ASSERT_TRUE(mac);
  EXPECT_EQ(mac->to_string(), "02:00:5e:10:0a:ff");
}

TEST(MacAddress, RefusesAnythingButSixPairs) {
  for (const char* text :
       {"", "02:00:5e:10:0a", "02:00:5e:10:0a:fg", "02:00:5e:10:0a:ff:00", "0200.5e10.0aff ", "02:00:5e:10:0a:1"}) {
    EXPECT_FALSE(MacAddress::parse(text)) << text;
  }
}

TEST(Ipv4Address, OrdersByNumberNotByBytesInMemory) {
  EXPECT_LT(*Ipv4Address::parse("10.0.0.255"), *Ipv4Address::parse("10.0.1.0"));
}

TEST(Ipv4Address, NamesTheTextItCouldNotRead) {
  const auto wrong = Ipv4Address::parse("10.0.0.256");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.message().find("10.0.0.256"), std::string::npos);
}

TEST(IpAddress, KeepsTheFamiliesApart) {
  const auto v4 = IpAddress::parse("192.0.2.1");
  const auto v6 = IpAddress::parse("2001:db8::1");
  ASSERT_TRUE(v4 && v6);
  EXPECT_TRUE(v4->is_v4());
  EXPECT_TRUE(v6->is_v6());
  EXPECT_LT(*v4, *v6);
  EXPECT_EQ(v6->to_string(), "2001:db8::1");
}

TEST(Ipv4Prefix, KnowsItsEnds) {
  const auto prefix = Ipv4Prefix::parse("203.0.113.70/26");
  ASSERT_TRUE(prefix);
  EXPECT_EQ(prefix->first().to_string(), "203.0.113.64");
  EXPECT_EQ(prefix->last().to_string(), "203.0.113.127");
  EXPECT_TRUE(prefix->contains(*Ipv4Address::parse("203.0.113.127")));
  EXPECT_FALSE(prefix->contains(*Ipv4Address::parse("203.0.113.128")));
}

TEST(Ipv4Prefix, OfLengthZeroContainsEverything) {
  const auto prefix = Ipv4Prefix::parse("0.0.0.0/0");
  ASSERT_TRUE(prefix);
  EXPECT_TRUE(prefix->contains(*Ipv4Address::parse("255.255.255.255")));
}

TEST(Ipv4Prefix, RefusesLengthsThatDoNotExist) {
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x"})
    EXPECT_FALSE(Ipv4Prefix::parse(text)) << text;
}

TEST(Ipv6Address, IsANumberToo) {
  const auto address = *Ipv6Address::parse("2001:db8::1:ff");
  EXPECT_EQ(Ipv6Address::from_number(address.number()), address);
  EXPECT_EQ(Ipv6Address::from_number(address.number() + 1).to_string(), "2001:db8::1:100");
}

TEST(Ipv6Prefix, KnowsItsEnds) {
  const auto prefix = Ipv6Prefix::parse("2001:db8::4:77/112");
  ASSERT_TRUE(prefix);
  EXPECT_EQ(prefix->first().to_string(), "2001:db8::4:0");
  EXPECT_EQ(prefix->last().to_string(), "2001:db8::4:ffff");
  EXPECT_TRUE(prefix->contains(*Ipv6Address::parse("2001:db8::4:1")));
  EXPECT_FALSE(prefix->contains(*Ipv6Address::parse("2001:db8::5:1")));
  EXPECT_TRUE(Ipv6Prefix::parse("::/0")->contains(*Ipv6Address::parse("ffff::ffff")));
  EXPECT_FALSE(Ipv6Prefix::parse("::/129"));
}

TEST(IpPrefix, ContainsAddressesOfItsOwnFamilyOnly) {
  const auto v4 = *IpPrefix::parse("0.0.0.0/0"), v6 = *IpPrefix::parse("::/0");
  EXPECT_TRUE(v4.contains(*IpAddress::parse("192.0.2.1")) && v6.contains(*IpAddress::parse("2001:db8::1")));
  EXPECT_FALSE(v4.contains(*IpAddress::parse("2001:db8::1")) || v6.contains(*IpAddress::parse("192.0.2.1")));
  EXPECT_EQ(IpPrefix::parse("2001:db8::/32")->to_string(), "2001:db8::/32");
}

}  // namespace
}  // namespace sluice::net
