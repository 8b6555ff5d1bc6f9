#include "net/endpoint.h"

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

TEST(Endpoint, IsReadInBothFamiliesWithAndWithoutAPort) {
  struct Row {
    const char* text;
    const char* address;
    unsigned port;  // 0: none
  };
  const Row rows[] = {{"198.51.100.10", "198.51.100.10", 0},
                      {"198.51.100.10:1", "198.51.100.10", 1},
                      {"2001:db8::1", "2001:db8::1", 0},
                      {"[2001:db8::1]", "2001:db8::1", 0},
                      {"[2001:db8::1]:65535", "2001:db8::1", 65535},
                      {"2001:db8::1:443", "2001:db8::1:443", 0},
                      {"::", "::", 0},
                      {"[::ffff:192.0.2.1]:80", "::ffff:192.0.2.1", 80}};
  for (const Row& row : rows) {
    const auto endpoint = Endpoint::parse(row.text);
    ASSERT_TRUE(endpoint) << endpoint.message();
    EXPECT_EQ(endpoint->address.to_string(), row.address);
    EXPECT_EQ(endpoint->port.value_or(Be16{}).host(), row.port) << row.text;
  }
}

TEST(Endpoint, IsRefusedWithTheReason) {
  struct Row {
    const char* text;
    const char* why;
  };
  const Row rows[] = {{"", "expected four numbers"},
                      {":80", "expected four numbers"},
                      {"web:80", "expected four numbers"},
                      {"198.51.100.10:", "a port is a number from 1 to 65535"},
                      {"198.51.100.10:0", "a port is a number from 1 to 65535"},
                      {"198.51.100.10:65536", "a port is a number from 1 to 65535"},
                      {"198.51.100.10:http", "a port is a number from 1 to 65535"},
                      {"[2001:db8::1]:", "a port is a number from 1 to 65535"},
                      {"[2001:db8::1]:-1", "a port is a number from 1 to 65535"},
                      {"[2001:db8::1]443", "only a colon and a port can follow the bracket"},
                      {"[2001:db8::1]]:443", "only a colon and a port can follow the bracket"},
                      {"[2001:db8::1", "its bracket is not closed"},
                      {"2001:db8::1]:443", "expected a form like 2001:db8::1"},
                      {"[]:443", "expected a form like 2001:db8::1"},
                      {"[]", "expected a form like 2001:db8::1"},
                      {"[198.51.100.10]:80", "expected a form like 2001:db8::1"},
                      {"2001:db8:::1", "expected a form like 2001:db8::1"},
                      {"fe80::1%eth0", "an address has no zone here"},
                      {"[fe80::1%eth0]:80", "an address has no zone here"}};
  for (const Row& row : rows) {
    const auto endpoint = Endpoint::parse(row.text);
    ASSERT_FALSE(endpoint) << row.text;
    EXPECT_NE(endpoint.message().find(row.why), std::string::npos) << endpoint.message();
    EXPECT_EQ(endpoint.message().find("'" + std::string{row.text} + "': "), 0U) << endpoint.message();
  }
}

TEST(Endpoint, IsWrittenSoThatItCanBeReadAgain) {
  EXPECT_EQ(with_port("203.0.113.64", Be16{80}), "203.0.113.64:80");
  EXPECT_EQ(with_port("2001:db8::40", Be16{443}), "[2001:db8::40]:443");
  EXPECT_EQ(with_port("worker-1", Be16{30080}), "worker-1:30080");
}

}  // namespace
}  // namespace sluice::net
