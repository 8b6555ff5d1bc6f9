#include "control/kube/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/control/kube/fake_server.h"

namespace sluice::control::kube {
namespace {

using Stage = Desired::Stage;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kFinalizers = R"("finalizers":["sluice.dev/cleanup","service.kubernetes.io/load-balancer-cleanup"])";

Service service(std::string version = "1", std::string uid = "u1") {
  Service result;
  result.meta.name_space = "shop";
  result.meta.name = "web";
  result.meta.uid = std::move(uid);
  result.meta.resource_version = std::move(version);
  result.meta.finalizers = {std::string{kOwnFinalizer}, std::string{kStandardFinalizer}};
  result.type = ServiceType::kLoadBalancer;
  return result;
}

std::string answer(const std::string& version, const std::string& status) {
  return R"({"metadata":{"namespace":"shop","name":"web","uid":"u1","resourceVersion":")" + version + R"(",)" +
         kFinalizers + R"(},"spec":{"type":"LoadBalancer"},"status":)" + status + "}";
}

Desired publish(const std::string& ip) {
  return {.stage = Stage::kOurs, .ingress = std::vector<LoadBalancerIngress>{{.ip = ip, .ip_mode = IpMode::kProxy}}};
}

std::string with_ingress(const std::string& ip, const std::string& mode = "Proxy") {
  const auto ip_mode = mode.empty() ? "" : R"(,"ipMode":")" + mode + "\"";
  return R"({"loadBalancer":{"ingress":[{"ip":")" + ip + "\"" + ip_mode + "}]}}";
}

class WriterTest : public testing::Test {
 protected:
  WriterTest() {
    pace.write_retry_min = pace.write_retry_max = Milliseconds{0};
    pace.random = [] { return 0.0; };
  }
  void start() {
    api = std::make_unique<Api>(reactor, http, server.access());
    ServiceWriter::Callbacks callbacks;
    callbacks.on_written = [this](const Service& after, Write::Kind kind) {
      written.push_back(after.meta.resource_version + "/" + std::to_string(static_cast<int>(kind)));
    };
    callbacks.on_failed = [this](const Service&, const std::string& sentence) { failed.push_back(sentence); };
    writer = std::make_unique<ServiceWriter>(*api, pace, callbacks);
  }
  void expect(int status, const std::string& body = R"({"kind":"Status","message":"no"})") {
    server.expect([=](const SeenRequest&, const ConnectionPtr& c) { c->answer(status, body); });
  }
  bool requests(std::size_t count) {
    return turn_until(reactor, [&] { return server.seen.size() >= count; });
  }
  bool idle() {
    return turn_until(reactor, [&] { return writer->pending() == 0; });
  }

  Reactor reactor;
  HttpClient http{reactor};
  FakeServer server{reactor};
  Pace pace;
  std::vector<std::string> written;
  std::vector<std::string> failed;
  std::unique_ptr<Api> api;
  std::unique_ptr<ServiceWriter> writer;
};

TEST_F(WriterTest, PatchesTheStatusOnceAndIsContent) {
  expect(200, answer("2", with_ingress("203.0.113.7")));
  start();
  writer->want(service(), publish("203.0.113.7"));
  ASSERT_TRUE(idle());
  writer->want(service(), publish("203.0.113.7"));  // The watch has not shown our own write yet.
  EXPECT_EQ(writer->pending(), 0U);
  ASSERT_EQ(server.seen.size(), 1U);
  EXPECT_EQ(server.seen[0].method, "PATCH");
  EXPECT_EQ(server.seen[0].path, "/api/v1/namespaces/shop/services/web/status?fieldManager=sluice");
  EXPECT_THAT(server.seen[0].head, HasSubstr("application/strategic-merge-patch+json"));
  EXPECT_THAT(server.seen[0].body, HasSubstr("203.0.113.7"));
  EXPECT_THAT(written, ElementsAre("2/1"));
}

TEST_F(WriterTest, WritesFinalizersFirstThenTheStatus) {
  expect(200, answer("2", "{}"));
  expect(200, answer("3", with_ingress("203.0.113.7")));
  start();
  auto bare = service();
  bare.meta.finalizers.clear();
  writer->want(bare, publish("203.0.113.7"));
  ASSERT_TRUE(idle());
  EXPECT_THAT(server.seen.at(0).body, HasSubstr(kFinalizers));
  EXPECT_THAT(server.seen.at(1).body, HasSubstr("ingress"));
  EXPECT_THAT(written, ElementsAre("2/0", "3/1"));
}

TEST_F(WriterTest, LetsTheNewestWishWin) {
  ConnectionPtr held;
  server.expect([&](const SeenRequest&, const ConnectionPtr& c) { held = c; });
  expect(200, answer("3", with_ingress("203.0.113.9")));
  start();
  writer->want(service(), publish("203.0.113.7"));
  ASSERT_TRUE(requests(1));
  writer->want(service(), publish("203.0.113.8"));
  writer->want(service(), publish("203.0.113.9"));
  settle(reactor);
  EXPECT_EQ(server.seen.size(), 1U);
  held->answer(200, answer("2", with_ingress("203.0.113.7")));
  ASSERT_TRUE(idle());
  ASSERT_EQ(server.seen.size(), 2U);
  EXPECT_THAT(server.seen[1].body, HasSubstr("203.0.113.9"));
}

TEST_F(WriterTest, DoesNotInsistOnWhatAnOldServerDrops) {
  expect(200, answer("2", with_ingress("203.0.113.7", "")));
  start();
  writer->want(service(), publish("203.0.113.7"));
  ASSERT_TRUE(idle());
  auto seen = service("2");
  seen.status.ingress = {{.ip = "203.0.113.7"}};
  writer->want(seen, publish("203.0.113.7"));
  EXPECT_EQ(writer->pending(), 0U);
  seen.meta.resource_version = "3";
  seen.status.ingress.clear();  // Somebody emptied it.
  writer->want(seen, publish("203.0.113.7"));
  EXPECT_EQ(writer->pending(), 1U);
}

TEST_F(WriterTest, WaitsForANewerVersionAfterAConflict) {
  pace.write_retry_min = pace.write_retry_max = Milliseconds{600'000};
  expect(409);
  expect(200, answer("3", with_ingress("203.0.113.7")));
  start();
  writer->want(service("1"), publish("203.0.113.7"));
  ASSERT_TRUE(requests(1));
  settle(reactor);
  writer->want(service("1"), publish("203.0.113.7"));
  settle(reactor);
  EXPECT_EQ(server.seen.size(), 1U);
  writer->want(service("2"), publish("203.0.113.7"));
  ASSERT_TRUE(idle());
  EXPECT_EQ(server.seen.size(), 2U);
  EXPECT_THAT(failed, IsEmpty()) << "an ordinary race is no failure";
}

TEST_F(WriterTest, TriesAgainAndTellsAFailureOnce) {
  expect(500);
  expect(500);
  expect(403);
  expect(200, answer("2", with_ingress("203.0.113.7")));
  start();
  writer->want(service(), publish("203.0.113.7"));
  ASSERT_TRUE(idle());
  EXPECT_EQ(server.seen.size(), 4U);
  EXPECT_THAT(failed, ElementsAre("patch service shop/web: 500 Internal Server Error: no",
                                  "patch service shop/web: 403 Forbidden: no"));
}

TEST_F(WriterTest, TriesAtOnceWhenTheApiIsBack) {
  pace.write_retry_min = pace.write_retry_max = Milliseconds{600'000};
  expect(503);
  expect(200, answer("2", with_ingress("203.0.113.7")));
  start();
  writer->want(service(), publish("203.0.113.7"));
  ASSERT_TRUE(turn_until(reactor, [&] { return !failed.empty(); }));
  writer->retry_now();
  ASSERT_TRUE(idle());
}

TEST_F(WriterTest, TakesAVanishedServiceForReleased) {
  expect(404);
  start();
  writer->want(service(), {.stage = Stage::kTornDown});
  ASSERT_TRUE(idle());
  writer->want(service(), {.stage = Stage::kTornDown});
  settle(reactor);
  EXPECT_EQ(server.seen.size(), 1U);
  EXPECT_THAT(server.seen[0].body, HasSubstr("$deleteFromPrimitiveList/finalizers"));
  EXPECT_THAT(written, ElementsAre("1/2"));
}

TEST_F(WriterTest, CancelsTheWriteOfAServiceThatIsForgotten) {
  server.expect([](const SeenRequest&, const ConnectionPtr&) {});
  start();
  writer->want(service(), publish("203.0.113.7"));
  ASSERT_TRUE(requests(1));
  writer->forget("shop/web");
  EXPECT_EQ(writer->pending(), 0U);
  settle(reactor);
  EXPECT_THAT(written, IsEmpty());
}

TEST_F(WriterTest, StartsAnewWithAnotherObjectOfTheSameName) {
  ConnectionPtr held;
  server.expect([&](const SeenRequest&, const ConnectionPtr& c) { held = c; });
  expect(200, answer("9", with_ingress("203.0.113.7")));
  start();
  writer->want(service("1", "first"), publish("203.0.113.7"));
  ASSERT_TRUE(requests(1));
  writer->want(service("8", "u1"), publish("203.0.113.7"));
  ASSERT_TRUE(idle());
  EXPECT_THAT(server.seen.at(0).body, HasSubstr(R"("uid":"first")"));
  EXPECT_THAT(server.seen.at(1).body, HasSubstr(R"("uid":"u1")"));
}

TEST_F(WriterTest, WritesManyServicesAFewAtATime) {
  start();
  for (int i = 0; i < 40; ++i) {
    auto other = service();
    other.meta.name = "web-" + std::to_string(i);
    writer->want(other, publish("203.0.113.7"));
    server.expect(
        [](const SeenRequest&, const ConnectionPtr& c) { c->answer(200, answer("2", with_ingress("203.0.113.7"))); });
  }
  EXPECT_EQ(writer->pending(), 40U);
  ASSERT_TRUE(idle());
  EXPECT_EQ(server.seen.size(), 40U);
}

}  // namespace
}  // namespace sluice::control::kube
