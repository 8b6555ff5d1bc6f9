#include "control/ipam/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::control::ipam {
namespace {

using testing::HasSubstr;

net::IpAddress ip(std::string_view text) { return net::IpAddress::parse(text).value(); }
AddressRange range(std::string_view text) { return AddressRange::parse(text).value(); }

TEST(AddressRange, ReadsPrefixesRangesAndSingleAddresses) {
  EXPECT_EQ(range("203.0.113.64/26"), (AddressRange{ip("203.0.113.64"), ip("203.0.113.127")}));
  EXPECT_EQ(range("203.0.113.64-203.0.113.80"), (AddressRange{ip("203.0.113.64"), ip("203.0.113.80")}));
  EXPECT_EQ(range("203.0.113.9"), (AddressRange{ip("203.0.113.9"), ip("203.0.113.9")}));
  EXPECT_EQ(range("2001:db8::/64"), (AddressRange{ip("2001:db8::"), ip("2001:db8::ffff:ffff:ffff:ffff")}));
  EXPECT_EQ(range("2001:db8::1-2001:db8::1:0"), (AddressRange{ip("2001:db8::1"), ip("2001:db8::1:0")}));
}

TEST(AddressRange, SaysWhatIsWrongWithAText) {
  const struct {
    const char* text;
    const char* problem;
  } cases[] = {
      {"203.0.113.65/26", "did you mean 203.0.113.64/26?"},
      {"203.0.113.80-203.0.113.64", "ends before it begins"},
      {"203.0.113.64-", "203.0.113.64-"},
      {"-203.0.113.64", "-203.0.113.64"},
      {"203.0.113.64/33", "203.0.113.64/33"},
      {"", "''"},
      {"2001:db8::1/64", "did you mean 2001:db8::/64?"},
      {"2001:db8::/129", "2001:db8::/129"},
      {"203.0.113.64-2001:db8::9", "begins in one family and ends in the other"},
  };
  for (const auto& wrong : cases) {
    const auto result = AddressRange::parse(wrong.text);
    ASSERT_FALSE(result) << wrong.text;
    EXPECT_THAT(result.message(), HasSubstr(wrong.problem)) << wrong.text;
  }
}

TEST(Pool, GivesAddressesOfAllItsRanges) {
  const Pool pool{.name = "a", .ranges = {range("192.0.2.0/30"), range("192.0.2.100")}};
  EXPECT_TRUE(pool.gives(ip("192.0.2.0")));
  EXPECT_TRUE(pool.gives(ip("192.0.2.100")));
  EXPECT_FALSE(pool.gives(ip("192.0.2.4")));
  EXPECT_FALSE(pool.gives(ip("2001:db8::1")));
  EXPECT_TRUE(pool.has_ranges_of(IpFamily::kIpv4));
  EXPECT_FALSE(pool.has_ranges_of(IpFamily::kIpv6));
}

TEST(Pool, LeavesOutTheAddressOfAnyRouter) {
  const Pool pool{.name = "a", .ranges = {range("2001:db8::/63")}};
  EXPECT_FALSE(pool.gives(ip("2001:db8::")));
  EXPECT_FALSE(pool.gives(ip("2001:db8:0:1::")));
  EXPECT_TRUE(pool.gives(ip("2001:db8:0:1::1")));
  EXPECT_FALSE(pool.is_empty());
  EXPECT_TRUE((Pool{.name = "b", .ranges = {range("2001:db8::")}}.is_empty()));
}

TEST(Addresses, FollowEachOtherWithinTheirFamily) {
  EXPECT_EQ(next(ip("192.0.2.255")), ip("192.0.3.0"));
  EXPECT_EQ(next(ip("2001:db8::ffff:ffff:ffff:ffff")), ip("2001:db8:0:1::"));
  EXPECT_EQ(next(ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")), ip("::"));
}

TEST(Pool, LeavesOutBuggyAddressesWhenToldSo) {
  const Pool pool{.name = "a", .ranges = {range("192.0.2.254-192.0.4.1")}, .avoid_buggy_ips = true};
  EXPECT_FALSE(pool.gives(ip("192.0.2.255")));
  EXPECT_FALSE(pool.gives(ip("192.0.3.0")));
  EXPECT_TRUE(pool.gives(ip("192.0.3.1")));
  EXPECT_FALSE(pool.is_empty());
  EXPECT_TRUE((Pool{.name = "b", .ranges = {range("192.0.2.255-192.0.3.0")}, .avoid_buggy_ips = true}.is_empty()));
}

}  // namespace
}  // namespace sluice::control::ipam
