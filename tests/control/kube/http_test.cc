#include "control/kube/http.h"

#include <cstdio>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/kube/curl_options.h"
#include "tests/control/kube/fake_server.h"

namespace sluice::control::kube {
namespace {

using testing::HasSubstr;

class HttpTest : public testing::Test {
 protected:
  HttpRequest get(const std::string& path) {
    HttpRequest request;
    request.path = path;
    request.on_done = [this](const Response& response) { done.push_back(response); };
    return request;
  }
  bool finished(std::size_t count) {
    return turn_until(reactor, [&] { return done.size() >= count; });
  }

  Reactor reactor;
  HttpClient http{reactor};
  FakeServer server{reactor};
  std::vector<Response> done;
};

TEST_F(HttpTest, KeepsAConnectionForTheNextRequest) {
  for (int i = 0; i < 3; ++i) {
    server.expect([](const SeenRequest&, const ConnectionPtr& c) { c->answer(200, "x"); });
    const auto handle = http.send(get("/"), server.access());
    ASSERT_TRUE(finished(static_cast<std::size_t>(i) + 1));
  }
  EXPECT_EQ(server.connections[0], server.connections[2]);
}

TEST_F(HttpTest, SendsTheTokenAndTellsWhenItsFileCannotBeRead) {
  auto access = server.access();
  access.token = "secret";
  server.expect([](const SeenRequest&, const ConnectionPtr& c) { c->answer(200, "x"); });
  const auto first = http.send(get("/"), access);
  ASSERT_TRUE(finished(1));
  EXPECT_THAT(server.seen[0].head, HasSubstr("Authorization: Bearer secret"));
  access.token_file = "/nowhere/token";
  const auto second = http.send(get("/"), access);
  EXPECT_EQ(done.size(), 1U) << "callbacks never run inside send()";
  ASSERT_TRUE(finished(2));
  EXPECT_EQ(done[1].error, "token file: /nowhere/token: No such file or directory");
}

TEST_F(HttpTest, CanBeCancelledFromItsOwnCallback) {
  server.expect([](const SeenRequest&, const ConnectionPtr& c) {
    c->begin_stream();
    c->stream("one");
    c->stream("two");
  });
  HttpClient::Handle handle;
  std::string got;
  auto request = get("/");
  request.on_data = [&](std::string_view bytes) {
    got += bytes;
    handle.reset();
  };
  handle = http.send(std::move(request), server.access());
  ASSERT_TRUE(turn_until(reactor, [&] { return !got.empty(); }));
  settle(reactor);
  EXPECT_TRUE(done.empty());
}

TEST_F(HttpTest, TellsThatABodyBrokeOff) {
  server.expect([](const SeenRequest&, const ConnectionPtr& c) {
    c->send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    c->close();
  });
  const auto handle = http.send(get("/"), server.access());
  ASSERT_TRUE(finished(1));
  EXPECT_EQ(done[0].status, 200);
  EXPECT_NE(done[0].error, "");
}

TEST_F(HttpTest, BreaksOffABodyThatIsLongerThanWanted) {
  server.expect([](const SeenRequest&, const ConnectionPtr& c) { c->answer(200, "12345678"); });
  server.expect([](const SeenRequest&, const ConnectionPtr& c) { c->answer(503, "123456789"); });
  for (std::size_t i = 0; i < 2; ++i) {
    auto request = get("/");
    request.body_max = 8;
    const auto handle = http.send(std::move(request), server.access());
    ASSERT_TRUE(finished(i + 1));
  }
  EXPECT_EQ(done[0].error, "");
  EXPECT_EQ(done[0].body, "12345678");
  EXPECT_THAT(done[1].error, HasSubstr("the answer is longer than 8 bytes"));
}

TEST_F(HttpTest, SendsPatchesWithTheirBody) {
  server.expect([](const SeenRequest&, const ConnectionPtr& c) { c->answer(200, "{}"); });
  auto request = get("/x");
  request.method = "PATCH";
  request.body = "{\"a\":1}";
  const auto handle = http.send(std::move(request), server.access());
  ASSERT_TRUE(finished(1));
  EXPECT_EQ(server.seen[0].method, "PATCH");
  EXPECT_EQ(server.seen[0].body, "{\"a\":1}");
}

TEST_F(HttpTest, OutlivesABadUrl) {
  Access access;
  access.server = "https://[";
  const auto handle = http.send(get("/"), access);
  ASSERT_TRUE(finished(1));
  EXPECT_NE(done[0].error, "");
}

TEST_F(HttpTest, AHandleMayOutliveItsClient) {
  HttpClient::Handle handle;
  {
    HttpClient other{reactor};
    handle = other.send(get("/"), server.access());
  }
  handle.reset();
  settle(reactor);
  EXPECT_TRUE(done.empty());
}

TEST(TargetOf, GoesToTheAddressUnderTheCertificatesName) {
  Access access;
  access.server = "https://192.0.2.1:6443/k8s";
  EXPECT_EQ(target_of(access, "/api").url, "https://192.0.2.1:6443/k8s/api");
  access.tls_server_name = "kubernetes";
  EXPECT_EQ(target_of(access, "/api").url, "https://kubernetes:6443/k8s/api");
  EXPECT_EQ(target_of(access, "/api").connect_to, "::192.0.2.1:6443");
  access.server = "https://[2001:db8::1]";
  EXPECT_EQ(target_of(access, "/api").url, "https://kubernetes:443/api");
  EXPECT_EQ(target_of(access, "/api").connect_to, "::[2001:db8::1]:443");
}

}  // namespace
}  // namespace sluice::control::kube
