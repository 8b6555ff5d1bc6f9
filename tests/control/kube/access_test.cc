#include "control/kube/access.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace sluice::control::kube {
namespace {

constexpr const char* kCa = "-----BEGIN CERTIFICATE-----\none\n";
constexpr const char* kOtherCa = "-----BEGIN CERTIFICATE-----\nother\n";

bool is_same(const std::string& one, const std::string& other) {
  return is_same_server({.server = one}, {.server = other});
}

TEST(SameServer, IsSeenInEveryWayToWriteItsAddress) {
  EXPECT_TRUE(is_same("https://192.0.2.1:6443", "https://192.0.2.1:6443"));
  EXPECT_TRUE(is_same("https://API.example", "https://api.example:443"));
  EXPECT_TRUE(is_same("http://api.example:80", "http://api.example:"));
  EXPECT_TRUE(is_same("https://[2001:DB8::0:1]", "https://[2001:db8::1]:443"));
  EXPECT_TRUE(is_same("https://api.example/k8s/a", "https://api.example:443/k8s/a"));
}

TEST(SameServer, IsNotAnotherAddress) {
  EXPECT_FALSE(is_same("https://192.0.2.1:6443", "https://192.0.2.2:6443"));
  EXPECT_FALSE(is_same("https://192.0.2.1:6443", "https://192.0.2.1"));
  EXPECT_FALSE(is_same("https://[2001:db8::1]:6443", "https://[2001:db8::1]:6444"));
  EXPECT_FALSE(is_same("https://api.example", "http://api.example"));
  EXPECT_FALSE(is_same("https://api.example/k8s/a", "https://api.example/k8s/b")) << "one gate to many clusters";
  EXPECT_FALSE(is_same("https:", "https://")) << "odd, but harmless";
}

TEST(SameServer, IsNotReachedInAnotherWay) {
  const Access plain{.server = "https://10.96.0.1"};
  Access proxied = plain, named = plain;
  proxied.proxy_url = "http://192.0.2.9:3128";
  named.tls_server_name = "b.example";
  EXPECT_FALSE(is_same_server(plain, proxied));
  EXPECT_FALSE(is_same_server(plain, named));
}

TEST(SameServer, HasTheSameAuthoritiesWhereBothAreKnown) {
  std::string file = testing::TempDir() + "sluice-ca-XXXXXX";
  ::close(::mkstemp(file.data()));
  std::ofstream{file} << kCa << "\n";
  const Access unknown{.server = "https://10.96.0.1"};
  Access inline_ca = unknown, in_file = unknown, other = unknown, missing = unknown;
  inline_ca.ca.bytes = kCa;
  in_file.ca.file = file;
  other.ca.bytes = kOtherCa;
  missing.ca.file = file + ".missing";
  EXPECT_TRUE(is_same_server(inline_ca, in_file));
  EXPECT_TRUE(is_same_server(inline_ca, unknown));
  EXPECT_TRUE(is_same_server(missing, other));
  EXPECT_FALSE(is_same_server(in_file, other));
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace sluice::control::kube
