#include "control/kube/kubeconfig.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::control::kube {
namespace {

using testing::HasSubstr;

constexpr const char* kPem = "-----BEGIN CERTIFICATE-----\n";
constexpr const char* kPemBase64 = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==";

class Kubeconfig : public testing::Test {
 protected:
  Kubeconfig() {
    std::string pattern = testing::TempDir() + "sluice-kubeconfig-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Kubeconfig() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    const auto path = folder_ + "/" + name;
    std::ofstream{path} << text;
    return path;
  }
  std::string config(const std::string& cluster, const std::string& user) const {
    return write("config",
                 "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                 "clusters: [{name: other, cluster: {}}, {name: k, cluster: " +
                     cluster +
                     "}]\n"
                     "users: [{name: u, user: " +
                     user + "}]\n");
  }
  std::string refusal(const std::string& cluster, const std::string& user) const {
    const auto access = load_kubeconfig(config(cluster, user), "");
    return access ? "accepted" : access.message();
  }

  std::string folder_;
};

TEST_F(Kubeconfig, TakesInlineDataAndFilesBesideIt) {
  write("ca.crt", kPem);
  const auto access = load_kubeconfig(
      config("{server: 'https://192.0.2.1:6443/', certificate-authority: ca.crt, tls-server-name: kubernetes}",
             std::string{"{client-certificate-data: "} + kPemBase64 + ", client-key-data: " + kPemBase64 + "}"),
      "c");
  ASSERT_TRUE(access.has_value()) << access.message();
  EXPECT_EQ(access->server, "https://192.0.2.1:6443");
  EXPECT_EQ(access->ca.file, folder_ + "/ca.crt");
  EXPECT_EQ(access->tls_server_name, "kubernetes");
  EXPECT_EQ(access->client_certificate.bytes, kPem);
  EXPECT_EQ(access->client_key.bytes, kPem);
  EXPECT_EQ(access->verify, Verify::kPeer);
}

TEST_F(Kubeconfig, ReadsATokenFileAgainForEveryRequest) {
  write("token", "one\n");
  const auto access = load_kubeconfig(config("{server: 'https://h:1'}", "{tokenFile: token}"), "");
  ASSERT_TRUE(access.has_value()) << access.message();
  EXPECT_EQ(access->bearer_token().value_or("?"), "one");
  write("token", "two\n");
  EXPECT_EQ(access->bearer_token().value_or("?"), "two");
  write("token", "two\nX-Injected: yes\n");
  EXPECT_THAT(access->bearer_token().message(), HasSubstr("more than one line"));
}

TEST_F(Kubeconfig, SaysWhatIsWrongAndWhere) {
  const std::string server = "{server: 'https://h:1'}";
  EXPECT_EQ(refusal("{}", "{}"), "kubeconfig " + folder_ +
                                     "/config: cluster \"k\": server: expected https://HOST:PORT, "
                                     "got \"\"");
  for (const char* wrong :
       {"ftp://h", "https://", "https://:6443", "https://192.0.2.1:99999", "https://192.0.2.1:abc/"}) {
    EXPECT_THAT(refusal("{server: '" + std::string{wrong} + "'}", "{}"),
                HasSubstr("server: expected https://HOST:PORT"));
  }
  EXPECT_THAT(refusal(server, "{exec: {command: aws}}"), HasSubstr("user \"u\": exec: not supported"));
  EXPECT_THAT(refusal(server, "{auth-provider: {name: gcp}}"), HasSubstr("auth-provider: not supported"));
  EXPECT_THAT(refusal(server, "{tokenFile: nowhere}"),
              HasSubstr("user \"u\": tokenFile: " + folder_ + "/nowhere: No such file"));
  EXPECT_THAT(refusal(server, "{client-certificate-data: '*'}"), HasSubstr("client-certificate-data: not base64"));
  EXPECT_THAT(refusal(server, "{client-certificate-data: Zm9v}"), HasSubstr("no PEM text in it"));
  EXPECT_THAT(refusal(server, std::string{"{client-certificate-data: "} + kPemBase64 + "}"),
              HasSubstr("client-key: missing"));
  EXPECT_THAT(refusal("{server: 'https://h:1', insecure-skip-tls-verify: maybe}", "{}"), HasSubstr("expected true"));
  EXPECT_THAT(refusal("{server: [1]}", "{}"), HasSubstr("server: expected text"));
}

TEST_F(Kubeconfig, SaysWhichEntryIsMissing) {
  const auto file = config("{server: 'https://h:1'}", "{}");
  EXPECT_THAT(load_kubeconfig(file, "prod").message(), HasSubstr("contexts: has no context \"prod\""));
  EXPECT_THAT(load_kubeconfig(folder_ + "/none", "").message(), HasSubstr(folder_ + "/none: No such file"));
  EXPECT_THAT(load_kubeconfig(write("a", "contexts: []"), "").message(), HasSubstr("current-context: is not set"));
  EXPECT_THAT(load_kubeconfig(write("b", "a: [\n"), "").message(), HasSubstr("kubeconfig " + folder_ + "/b:"));
  EXPECT_THAT(load_kubeconfig(write("c", "text"), "").message(), HasSubstr("expected a mapping"));
}

TEST_F(Kubeconfig, NeverThrowsWhateverIsInIt) {
  const std::string junk[] = {"[]", "{}", "x", "~", "[x]", "{x: y}", "[{name: c}]", "[[]]", "[~]"};
  for (const auto& contexts : junk) {
    for (const auto& value : junk) {
      const auto text = "current-context: c\ncontexts: " + contexts + "\nclusters: " + value + "\nusers: " + value;
      EXPECT_FALSE(load_kubeconfig(write("junk", text), "").has_value());
      EXPECT_FALSE(load_kubeconfig(config(value, value), "").has_value());
    }
  }
}

TEST_F(Kubeconfig, KnowsTheServiceAccountOfAPod) {
  EXPECT_THAT(in_cluster_access({.folder = folder_}).message(), HasSubstr("KUBERNETES_SERVICE_HOST"));
  EXPECT_THAT(in_cluster_access({.folder = folder_, .host = "10.0.0.1", .port = "443"}).message(),
              HasSubstr(folder_ + "/ca.crt: No such file"));
  write("ca.crt", kPem);
  write("token", "t");
  const auto access = in_cluster_access({.folder = folder_, .host = "fd00::1", .port = "443"});
  ASSERT_TRUE(access.has_value()) << access.message();
  EXPECT_EQ(access->server, "https://[fd00::1]:443");
  EXPECT_EQ(access->bearer_token().value_or("?"), "t");
}

}  // namespace
}  // namespace sluice::control::kube
