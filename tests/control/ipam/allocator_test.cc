#include "control/ipam/allocator.h"

#include <gtest/gtest.h>

namespace sluice::control::ipam {
namespace {

net::IpAddress ip(std::string_view text) { return net::IpAddress::parse(text).value(); }
AddressRange range(std::string_view text) { return AddressRange::parse(text).value(); }
ServiceName named(std::string name) { return {"edge", "shop", std::move(name)}; }
LedgerEntry entry(std::string name, std::string_view vip) {
  return {.service = named(std::move(name)), .vip = ip(vip), .pool = "public", .since = 100};
}

// public: .1 and .2, by itself; second: .11 and .12, by itself; vault: .21, only when named.
const std::vector<Pool> kPools = {
    {.name = "public", .ranges = {range("192.0.2.1-192.0.2.2")}},
    {.name = "vault", .ranges = {range("192.0.2.21")}, .auto_assign = false},
    {.name = "second", .ranges = {range("192.0.2.11"), range("192.0.2.12")}},
};

struct Case {
  const char* story;
  const char* wanted;
  const char* wanted_pool;
  const char* status;
  const char* outcome;  // the address, or the refusal
  const char* note;
};

LedgerBook book_of(std::initializer_list<LedgerEntry> entries) {
  LedgerBook book;
  for (const LedgerEntry& each : entries) EXPECT_TRUE(book.hold(each));
  return book;
}

Request request_of(const Case& c) {
  Request request{.service = named("web"), .uid = "u1", .wanted_pool = c.wanted_pool};
  if (*c.wanted != 0) request.wanted = ip(c.wanted);
  if (*c.status != 0) request.status_address = ip(c.status);
  return request;
}

void check(const LedgerBook& book, std::span<const Case> cases) {
  for (const Case& c : cases) {
    const auto choice = choose(kPools, book, request_of(c));
    EXPECT_EQ(choice ? choice->vip.to_string() : choice.message(), c.outcome) << c.story;
    EXPECT_EQ(choice ? choice->note : "", c.note) << c.story;
  }
}

TEST(Choose, FollowsStatusThenWishThenTheFirstFreeAddress) {
  check(book_of({entry("api", "192.0.2.1")}),
        std::vector<Case>{
            {"nothing asked", "", "", "", "192.0.2.2", ""},
            {"address asked", "192.0.2.12", "", "", "192.0.2.12", ""},
            {"address of a pool that does not assign by itself", "192.0.2.21", "", "", "192.0.2.21", ""},
            {"address and its pool", "192.0.2.12", "second", "", "192.0.2.12", ""},
            {"pool asked", "", "vault", "", "192.0.2.21", ""},
            {"status stands before the wish", "192.0.2.12", "", "192.0.2.11", "192.0.2.11", ""},
            {"status of another pool than the wish", "", "vault", "192.0.2.11", "192.0.2.11", ""},
            {"status that another holds", "", "", "192.0.2.1", "192.0.2.2",
             "cannot keep 192.0.2.1 of the status, which is held by edge/shop/api"},
            {"status in no pool", "192.0.2.12", "", "198.51.100.1", "192.0.2.12",
             "cannot keep 198.51.100.1 of the status, which is in no pool"},
        });
}

TEST(Choose, RefusesWithASentence) {
  check(book_of({entry("api", "192.0.2.1"), entry("vpn", "192.0.2.21")}),
        std::vector<Case>{
            {"taken", "192.0.2.1", "", "", "the requested address 192.0.2.1 is held by edge/shop/api", ""},
            {"no pool", "198.51.100.1", "", "", "the requested address 198.51.100.1 is in no pool", ""},
            {"other pool", "192.0.2.2", "second", "",
             "the requested address 192.0.2.2 is in pool 'public', not in the requested pool 'second'", ""},
            {"unknown pool", "", "gold", "", "there is no pool 'gold'; configured are 'public', 'vault', 'second'", ""},
            {"pool used up", "", "vault", "", "no IPv4 address is left in pool 'vault'", ""},
        });
}

TEST(Choose, RefusesWhenAllPoolsAreUsedUp) {
  const auto book =
      book_of({entry("a", "192.0.2.1"), entry("b", "192.0.2.2"), entry("c", "192.0.2.11"), entry("d", "192.0.2.12")});
  const auto choice = choose(kPools, book, {.service = named("web")});
  ASSERT_FALSE(choice);
  EXPECT_EQ(choice.message(), "no IPv4 address is left in pools 'public', 'second'");
}

TEST(Choose, RefusesWithoutPools) {
  EXPECT_EQ(choose({}, {}, {.service = named("web")}).message(), "no pool of addresses is configured");
  const Pool vault[] = {kPools[1]};
  EXPECT_EQ(choose(vault, {}, {.service = named("web")}).message(),
            "no pool assigns IPv4 addresses by itself, and the Service names none");
}

TEST(Choose, KeepsWhatTheLedgerSaysWhateverElseIsAsked) {
  check(book_of({entry("web", "192.0.2.2")}),
        std::vector<Case>{
            {"nothing asked", "", "", "", "192.0.2.2", ""},
            {"other status", "", "", "192.0.2.12", "192.0.2.2", ""},
            {"other address", "192.0.2.1", "", "", "192.0.2.2", "asks for 192.0.2.1 but holds 192.0.2.2 and keeps it"},
            {"other pool", "", "vault", "", "192.0.2.2",
             "asks for pool 'vault' but holds 192.0.2.2 of pool 'public' and keeps it"},
        });
}

TEST(Choose, KeepsAHeldAddressThatNoPoolHasAnyMore) {
  const auto choice = choose(kPools, book_of({entry("web", "198.51.100.7")}), {.service = named("web")});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->vip, ip("198.51.100.7"));
  EXPECT_EQ(choice->note, "keeps 198.51.100.7 although no pool has it any more");
}

TEST(Choose, GivesReleasedAddressesLastAndTheLeastRecentlyReleasedFirst) {
  LedgerBook book = book_of({entry("a", "192.0.2.1"), entry("b", "192.0.2.2")});
  book.release({named("b")}, 200);
  EXPECT_EQ(choose(kPools, book, {.service = named("web")})->vip, ip("192.0.2.2"));  // The pool has nothing else.
  book.release({named("a")}, 201);
  EXPECT_EQ(choose(kPools, book, {.service = named("web")})->vip, ip("192.0.2.2"));

  LedgerBook roomy = book_of({entry("a", "192.0.2.1")});
  roomy.release({named("a")}, 200);
  EXPECT_EQ(choose(kPools, roomy, {.service = named("web")})->vip, ip("192.0.2.2"));
}

TEST(Choose, NeverGivesABuggyAddressWhenToldToAvoidThem) {
  const Pool pools[] = {{.name = "a", .ranges = {range("192.0.2.255-192.0.3.1")}, .avoid_buggy_ips = true}};
  EXPECT_EQ(choose(pools, {}, {.service = named("web")})->vip, ip("192.0.3.1"));
  EXPECT_FALSE(choose(pools, {}, {.service = named("web"), .wanted = ip("192.0.3.0")}));
}

// v4: only IPv4; big: both families; six: IPv6, when named; full: one IPv6 address.
const std::vector<Pool> kDualPools = {
    {.name = "v4", .ranges = {range("192.0.2.1")}},
    {.name = "big", .ranges = {range("192.0.2.11"), range("2001:db8::/64")}},
    {.name = "six", .ranges = {range("2001:db8:6::7-2001:db8:6::8")}, .auto_assign = false},
    {.name = "full", .ranges = {range("2001:db8:f::1")}, .auto_assign = false},
};

TEST(Choose, TakesIpv6FromPoolsThatHaveIt) {
  const auto book = book_of({entry("api", "2001:db8::1"), entry("web", "192.0.2.1"), entry("dns", "2001:db8:f::1")});
  const struct {
    const char* story;
    const char* wanted;
    const char* wanted_pool;
    const char* outcome;
  } cases[] = {
      {"nothing asked: neither the address of any router nor one that is held", "", "", "2001:db8::2"},
      {"address asked", "2001:db8::beef", "", "2001:db8::beef"},
      {"pool asked", "", "six", "2001:db8:6::7"},
      {"the address of any router", "2001:db8::", "", "the requested address 2001:db8:: is in no pool"},
      {"taken", "2001:db8::1", "", "the requested address 2001:db8::1 is held by edge/shop/api"},
      {"pool without the family", "", "v4", "pool 'v4' has no IPv6 range"},
      {"pool used up", "", "full", "no IPv6 address is left in pool 'full'"},
  };
  for (const auto& c : cases) {
    Request request{.service = named("web"), .family = IpFamily::kIpv6, .wanted_pool = c.wanted_pool};
    if (*c.wanted != 0) request.wanted = ip(c.wanted);
    const auto choice = choose(kDualPools, book, request);
    EXPECT_EQ(choice ? choice->vip.to_string() : choice.message(), c.outcome) << c.story;
  }
}

TEST(Choose, SaysWhenNoPoolHasTheFamily) {
  const Request six{.service = named("web"), .family = IpFamily::kIpv6};
  EXPECT_EQ(choose(kPools, {}, six).message(), "no pool has an IPv6 range");
  const Pool by_name[] = {kDualPools[0], kDualPools[2]};
  EXPECT_EQ(choose(by_name, {}, six).message(), "no pool assigns IPv6 addresses by itself, and the Service names none");
}

TEST(Choose, GivesReleasedIpv6AddressesLast) {
  LedgerBook book = book_of({entry("a", "2001:db8:6::7"), entry("b", "2001:db8:6::8")});
  const Request request{.service = named("web"), .family = IpFamily::kIpv6, .wanted_pool = "six"};
  book.release({named("a"), IpFamily::kIpv6}, 200);
  EXPECT_EQ(choose(kDualPools, book, request)->vip, ip("2001:db8:6::7"));
  EXPECT_FALSE(choose(kDualPools, book, {.service = named("web"), .wanted_pool = "six"}));
}

TEST(Assign, GivesAServiceAnAddressOfEachFamily) {
  const Request requests[] = {{.service = named("web"), .family = IpFamily::kIpv6}, {.service = named("web")}};
  const Assignments outcome = assign(kDualPools, {}, requests, 500);
  EXPECT_EQ(outcome.results[0]->vip, ip("2001:db8::1"));
  EXPECT_EQ(outcome.results[1]->vip, ip("192.0.2.1"));
  EXPECT_EQ(outcome.book.held().size(), 2U);
  EXPECT_EQ(assign(kDualPools, outcome.book, requests, 900).book, outcome.book);
}

TEST(Assign, ServesHoldersThenStatusesThenWishesThenTheRest) {
  const Request requests[] = {{.service = named("late")},
                              {.service = named("wish"), .wanted = ip("192.0.2.1")},
                              {.service = named("status"), .status_address = ip("192.0.2.2")},
                              {.service = named("holder")}};
  const Assignments outcome = assign(kPools, book_of({entry("holder", "192.0.2.11")}), requests, 500);
  ASSERT_EQ(outcome.results.size(), 4U);
  EXPECT_EQ(outcome.results[0]->vip, ip("192.0.2.12"));
  EXPECT_EQ(outcome.results[1]->vip, ip("192.0.2.1"));
  EXPECT_EQ(outcome.results[2]->vip, ip("192.0.2.2"));
  EXPECT_EQ(outcome.results[3]->reason, Reason::kHeld);
  EXPECT_EQ(outcome.book.find_by_holder({named("late")})->since, 500);
  EXPECT_EQ(outcome.book.find_by_holder({named("holder")})->since, 100);
}

TEST(Assign, ChangesNothingTheSecondTime) {
  const Request requests[] = {{.service = named("a"), .uid = "1"}, {.service = named("b"), .wanted = ip("192.0.2.1")}};
  const Assignments first = assign(kPools, {}, requests, 500);
  EXPECT_EQ(assign(kPools, first.book, requests, 900).book, first.book);
}

TEST(Assign, GivesOneOfTwoThatAskForTheSameAddressAndTellsTheOther) {
  const Request requests[] = {{.service = named("a"), .wanted = ip("192.0.2.1")},
                              {.service = named("b"), .wanted = ip("192.0.2.1")}};
  const Assignments outcome = assign(kPools, {}, requests, 500);
  EXPECT_TRUE(outcome.results[0]);
  EXPECT_EQ(outcome.results[1].message(), "the requested address 192.0.2.1 is held by edge/shop/a");
}

TEST(Assign, ServesFiveThousandServices) {
  const Pool pools[] = {{.name = "big", .ranges = {range("10.0.0.0/16")}}};
  std::vector<Request> requests;
  for (int i = 0; i < 5000; ++i) requests.push_back({.service = named("s" + std::to_string(i))});
  const Assignments outcome = assign(pools, {}, requests, 1);
  EXPECT_EQ(outcome.book.held().size(), 5000U);
  EXPECT_EQ(outcome.results.back()->vip, ip("10.0.19.135"));
}

}  // namespace
}  // namespace sluice::control::ipam
