#include "control/port_upkeep.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

constexpr int kLink = 7;
constexpr const char* kTap = "sl-wan";

net::IpAddress address(const char* text) { return *net::IpAddress::parse(text); }
net::IpPrefix prefix(const char* text) { return *net::IpPrefix::parse(text); }

// One port with an address and a default route of each family, and a kernel that has them all.
struct World {
  std::vector<PortOptions> ports = {{.name = "wan",
                                     .tap = kTap,
                                     .addresses = {{.address = address("203.0.113.2"), .prefix_length = 24},
                                                   {.address = address("2001:db8::2"), .prefix_length = 64}},
                                     .routes = {{.prefix = prefix("0.0.0.0/0"), .gateway = address("203.0.113.1")},
                                                {.prefix = prefix("198.51.100.7/24")},
                                                {.prefix = prefix("::/0"), .gateway = address("2001:db8::1")}}}};
  KernelView kernel = {
      .links = {{.index = kLink, .name = kTap, .up = true}},
      .addresses = {{kLink, address("203.0.113.2"), 24}, {kLink, address("2001:db8::2"), 64}},
      .routes = {{.prefix = prefix("0.0.0.0/0"), .next_hops = {{.link = kLink, .gateway = address("203.0.113.1")}}},
                 {.prefix = prefix("198.51.100.0/24"), .next_hops = {{.link = kLink}}},
                 {.prefix = prefix("::/0"), .next_hops = {{.link = kLink, .gateway = address("2001:db8::1")}}}}};

  std::vector<PortLack> lacks() const { return find_lacks(ports, kernel); }
};

TEST(FindLacks, FindsNothingWhereAllIsThere) { EXPECT_TRUE(World{}.lacks().empty()); }

TEST(FindLacks, FindsARouteThatWentWithItsLink) {
  World world;
  world.kernel.routes.erase(world.kernel.routes.begin());
  const auto lacks = world.lacks();
  ASSERT_EQ(lacks.size(), 1U);
  EXPECT_EQ(lacks[0].tap, kTap);
  ASSERT_EQ(lacks[0].routes.size(), 1U);
  EXPECT_EQ(lacks[0].routes[0].prefix, prefix("0.0.0.0/0"));
  EXPECT_TRUE(lacks[0].addresses.empty());
}

TEST(FindLacks, FindsARouteThatLeadsElsewhere) {
  World world;
  world.kernel.routes[0].next_hops[0].gateway = address("203.0.113.9");
  world.kernel.routes[2].next_hops[0].link = kLink + 1;
  ASSERT_EQ(world.lacks().size(), 1U);
  EXPECT_EQ(world.lacks()[0].routes.size(), 2U);
}

TEST(FindLacks, FindsAddressesOfEitherFamilyAndOtherLengths) {
  World world;
  world.kernel.addresses[0].prefix_length = 32;
  world.kernel.addresses.pop_back();
  ASSERT_EQ(world.lacks().size(), 1U);
  EXPECT_EQ(world.lacks()[0].addresses.size(), 2U);
}

TEST(FindLacks, LeavesALinkAloneThatIsDownOrNotThere) {
  World world;
  world.kernel.routes.clear();
  world.kernel.links[0].up = false;
  EXPECT_TRUE(world.lacks().empty());
  world.kernel.links.clear();
  EXPECT_TRUE(world.lacks().empty());
}

}  // namespace
}  // namespace sluice::control
