#include "conf/syntax.h"

#include <gtest/gtest.h>

namespace sluice::conf {
namespace {

std::string range(std::string_view text) {
  const auto parsed = parse_address_range(text);
  return parsed ? parsed->first.to_string() + "-" + parsed->last.to_string() : parsed.message();
}

TEST(AddressRange, IsACidrABlockOrAnAddress) {
  EXPECT_EQ(range("203.0.113.64/26"), "203.0.113.64-203.0.113.127");
  EXPECT_EQ(range("203.0.113.10-203.0.113.20"), "203.0.113.10-203.0.113.20");
  EXPECT_EQ(range("203.0.113.9"), "203.0.113.9-203.0.113.9");
  EXPECT_EQ(range("2001:db8::/64"), "2001:db8::-2001:db8::ffff:ffff:ffff:ffff");
  EXPECT_EQ(range("2001:db8::10-2001:db8::1f"), "2001:db8::10-2001:db8::1f");
  EXPECT_EQ(range("2001:db8::9"), "2001:db8::9-2001:db8::9");
}

TEST(AddressRange, SaysWhatIsWrong) {
  EXPECT_EQ(range("10.0.0"), "expected CIDR or FIRST-LAST, got '10.0.0'");
  EXPECT_EQ(range("10.0.0.0/33"), "expected CIDR or FIRST-LAST, got '10.0.0.0/33'");
  EXPECT_EQ(range("10.0.0.1-"), "expected CIDR or FIRST-LAST, got '10.0.0.1-'");
  EXPECT_EQ(range("10.0.0.1-20"), "expected CIDR or FIRST-LAST, got '10.0.0.1-20'");
  EXPECT_EQ(range(""), "expected CIDR or FIRST-LAST, got ''");
  EXPECT_EQ(range("10.0.0.1/24"), "'10.0.0.1/24' has bits behind its length; the network is 10.0.0.0/24");
  EXPECT_EQ(range("10.0.0.9-10.0.0.1"), "the first address comes after the last in '10.0.0.9-10.0.0.1'");
  EXPECT_EQ(range("2001:db8::/129"), "expected CIDR or FIRST-LAST, got '2001:db8::/129'");
  EXPECT_EQ(range("2001:db8::5/64"), "'2001:db8::5/64' has bits behind its length; the network is 2001:db8::/64");
  EXPECT_EQ(range("2001:db8::9-2001:db8::1"), "the first address comes after the last in '2001:db8::9-2001:db8::1'");
  EXPECT_EQ(range("10.0.0.1-2001:db8::1"), "one end is IPv4 and the other IPv6 in '10.0.0.1-2001:db8::1'");
}

TEST(AddressRange, OverlapsWhereBothHaveAnAddress) {
  const auto ten_to_twenty = *parse_address_range("10.0.0.10-10.0.0.20");
  EXPECT_TRUE(ten_to_twenty.overlaps(*parse_address_range("10.0.0.20-10.0.0.30")));
  EXPECT_TRUE(ten_to_twenty.overlaps(*parse_address_range("10.0.0.0/24")));
  EXPECT_FALSE(ten_to_twenty.overlaps(*parse_address_range("10.0.0.21")));
  EXPECT_TRUE(ten_to_twenty.contains(*net::Ipv4Address::parse("10.0.0.10")));
  const auto six = *parse_address_range("::/0");
  EXPECT_TRUE(six.overlaps(*parse_address_range("2001:db8::1")));
  EXPECT_FALSE(six.overlaps(ten_to_twenty));
  EXPECT_FALSE(six.contains(*net::Ipv4Address::parse("10.0.0.10")));
}

TEST(PortRange, HasBothEnds) {
  const auto ports = parse_port_range("32768-65535");
  ASSERT_TRUE(ports);
  EXPECT_EQ(ports->first, 32768);
  EXPECT_EQ(ports->last, 65535);
  EXPECT_TRUE(parse_port_range("80-80"));
}

TEST(PortRange, SaysWhatIsWrong) {
  for (const char* text : {"", "80", "0-5", "1-65536", "a-b", "1-2-3", "-5", "5-", "1 - 2"}) {
    EXPECT_EQ(parse_port_range(text).message(),
              std::string{"expected FIRST-LAST with ports from 1 to 65535, got '"} + text + "'");
  }
  EXPECT_EQ(parse_port_range("9-8").message(), "the first port comes after the last in '9-8'");
}

TEST(Device, IsOneOfThreeKinds) {
  EXPECT_EQ(parse_device("pci:0000:03:00.0")->kind, DeviceKind::kPci);
  EXPECT_EQ(parse_device("pci:03:00.1")->name, "03:00.1");
  EXPECT_EQ(parse_device("interface:eth1")->kind, DeviceKind::kInterface);
  EXPECT_EQ(parse_device("vdev:net_memif0,socket=/run/a:b")->name, "net_memif0,socket=/run/a:b");
}

TEST(Device, SaysWhatIsWrong) {
  EXPECT_EQ(parse_device("eth1").message(), "expected pci:ADDRESS, interface:NAME or vdev:STRING, got 'eth1'");
  EXPECT_EQ(parse_device("vdev:").message(), "expected pci:ADDRESS, interface:NAME or vdev:STRING, got 'vdev:'");
  EXPECT_EQ(parse_device("pci:eth1").message(), "expected a PCI address like pci:0000:03:00.0, got 'pci:eth1'");
  EXPECT_EQ(parse_device("interface:").message(), "expected the name of an interface, got nothing");
}

TEST(InterfaceName, IsWhatTheKernelTakes) {
  EXPECT_TRUE(check_interface_name("eth0.100"));
  EXPECT_TRUE(check_interface_name("fifteen-letters"));
  EXPECT_EQ(check_interface_name("sixteen-letters!").message(),
            "'sixteen-letters!' has 16 characters; the name of an interface has at most 15");
  EXPECT_EQ(check_interface_name("a b").message(),
            "'a b' cannot be the name of an interface: no slashes, colons and blanks");
  EXPECT_FALSE(check_interface_name("a/b"));
  EXPECT_FALSE(check_interface_name("eth0:1"));
  EXPECT_FALSE(check_interface_name(".."));
}

TEST(InterfaceAddress, KeepsTheHost) {
  EXPECT_EQ(parse_interface_address("203.0.113.2/24")->to_string(), "203.0.113.2/24");
  EXPECT_EQ(parse_interface_address("203.0.113.2").message(),
            "expected ADDRESS/LENGTH like 192.0.2.1/24 or 2001:db8::1/64, got '203.0.113.2'");
  EXPECT_EQ(parse_interface_address("2001:db8::2/64")->to_string(), "2001:db8::2/64");
}

TEST(Network, HasNoHost) {
  EXPECT_EQ(parse_network("0.0.0.0/0")->length(), 0);
  EXPECT_EQ(parse_network("::/0")->to_string(), "::/0");
  EXPECT_EQ(parse_network("10.1.2.3/8").message(),
            "'10.1.2.3/8' has bits behind its length; the network is 10.0.0.0/8");
  EXPECT_EQ(parse_network("default").message(),
            "expected NETWORK/LENGTH like 192.0.2.0/24 or 2001:db8::/64, got 'default'");
}

}  // namespace
}  // namespace sluice::conf
