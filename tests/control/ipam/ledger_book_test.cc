#include "control/ipam/ledger_book.h"

#include <gtest/gtest.h>

namespace sluice::control::ipam {
namespace {

net::IpAddress ip(std::string_view text) { return net::IpAddress::parse(text).value(); }
LedgerEntry entry(std::string name, std::string_view vip) {
  return {.service = {"edge", "shop", std::move(name)}, .uid = "u", .vip = ip(vip), .pool = "public", .since = 100};
}
const Holder kWeb{{"edge", "shop", "web"}};

TEST(LedgerBook, FindsAHolderByServiceAndByVip) {
  LedgerBook book;
  ASSERT_TRUE(book.hold(entry("web", "192.0.2.1")));
  EXPECT_EQ(*book.find_by_holder(kWeb), entry("web", "192.0.2.1"));
  EXPECT_EQ(*book.find_by_vip(ip("192.0.2.1")), entry("web", "192.0.2.1"));
  EXPECT_EQ(book.find_by_holder({{"other", "shop", "web"}}), nullptr);
}

TEST(LedgerBook, RefusesASecondHolder) {
  LedgerBook book;
  ASSERT_TRUE(book.hold(entry("web", "192.0.2.1")));
  const auto second = book.hold(entry("api", "192.0.2.1"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.message(), "192.0.2.1 is held by edge/shop/web");
}

TEST(LedgerBook, RemembersReleasedAddressesInTheOrderOfTheirRelease) {
  LedgerBook book;
  ASSERT_TRUE(book.hold(entry("web", "192.0.2.1")));
  ASSERT_TRUE(book.hold(entry("api", "192.0.2.2")));
  book.release({{"edge", "shop", "api"}}, 200);
  book.release(kWeb, 201);
  book.release(kWeb, 202);
  ASSERT_EQ(book.released().size(), 2U);
  EXPECT_EQ(book.released()[0].vip, ip("192.0.2.2"));
  EXPECT_EQ(book.released()[1].since, 201);
  EXPECT_EQ(book.find_by_vip(ip("192.0.2.1")), nullptr);
}

TEST(LedgerBook, ReleasesTheFormerVipOfAServiceThatGetsAnother) {
  LedgerBook book;
  ASSERT_TRUE(book.hold(entry("web", "192.0.2.1")));
  ASSERT_TRUE(book.hold(entry("web", "192.0.2.9")));
  EXPECT_EQ(book.find_by_vip(ip("192.0.2.1")), nullptr);
  EXPECT_EQ(book.find_by_holder(kWeb)->vip, ip("192.0.2.9"));
  EXPECT_EQ(book.released().size(), 1U);
}

TEST(LedgerBook, KeepsTheFamiliesOfAServiceApart) {
  LedgerBook book;
  const Holder six{kWeb.service, IpFamily::kIpv6};
  ASSERT_TRUE(book.hold(entry("web", "192.0.2.1")));
  ASSERT_TRUE(book.hold(entry("web", "2001:db8::1")));
  EXPECT_TRUE(book.released().empty());
  ASSERT_TRUE(book.hold(entry("web", "2001:db8::2")));
  EXPECT_EQ(book.find_by_holder(six)->vip, ip("2001:db8::2"));
  book.release(six, 200);
  EXPECT_EQ(book.find_by_holder(six), nullptr);
  EXPECT_EQ(book.find_by_holder(kWeb)->vip, ip("192.0.2.1"));
  EXPECT_EQ(book.released().size(), 2U);
}

TEST(LedgerBook, ForgetsAReleaseWhenTheAddressIsHeldAgain) {
  LedgerBook book;
  ASSERT_TRUE(book.hold(entry("web", "192.0.2.1")));
  book.release(kWeb, 200);
  ASSERT_TRUE(book.hold(entry("api", "192.0.2.1")));
  EXPECT_TRUE(book.released().empty());
  EXPECT_EQ(book.entries().size(), 1U);
}

TEST(LedgerBook, ForgetsTheOldestReleasesBeyondItsLimit) {
  LedgerBook book;
  for (std::uint32_t i = 0; i <= LedgerBook::kReleasedMax; ++i) {
    book.remember({.service = kWeb.service, .vip = net::Ipv4Address{net::Be32{0x0a000000 + i}}});
  }
  EXPECT_EQ(book.released().size(), LedgerBook::kReleasedMax);
  EXPECT_FALSE(book.addresses().contains(ip("10.0.0.0")));
  EXPECT_TRUE(book.addresses().contains(ip("10.0.0.1")));
}

}  // namespace
}  // namespace sluice::control::ipam
