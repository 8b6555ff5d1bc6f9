#include "control/kube/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/control/kube/fake_server.h"

namespace sluice::control::kube {
namespace {

using testing::HasSubstr;

class EventTest : public testing::Test {
 protected:
  void expect(int status) {
    server.expect([status](const SeenRequest&, const ConnectionPtr& c) { c->answer(status, "{}"); });
  }
  void start() { api = std::make_unique<Api>(reactor, http, server.access()); }
  bool requests(std::size_t count) {
    return turn_until(reactor, [&] { return server.seen.size() >= count; });
  }

  Reactor reactor;
  HttpClient http{reactor};
  FakeServer server{reactor};
  Pace pace;
  std::unique_ptr<Api> api;
  const ObjectMeta service{.name_space = "shop", .name = "web", .uid = "u1"};
};

TEST_F(EventTest, CreatesOneEventAndCountsItsRepeats) {
  pace.event_spacing = Milliseconds{0};
  expect(201);
  expect(200);
  start();
  EventRecorder recorder{*api, pace, "edge-1"};
  for (int i = 0; i < 5; ++i) recorder.record(service, Reason::kUnavailableLoadBalancer, "no nodes");
  ASSERT_TRUE(requests(2));
  settle(reactor);
  ASSERT_EQ(server.seen.size(), 2U);
  EXPECT_EQ(server.seen[0].method, "POST");
  EXPECT_EQ(server.seen[0].path, "/api/v1/namespaces/shop/events?fieldManager=sluice");
  EXPECT_THAT(server.seen[0].body,
              HasSubstr(R"("reason":"UnAvailableLoadBalancer","message":"no nodes","type":"Warning")"));
  EXPECT_THAT(server.seen[0].body, HasSubstr(R"("involvedObject":{"kind":"Service","apiVersion":"v1",)"
                                             R"("namespace":"shop","name":"web","uid":"u1"})"));
  EXPECT_EQ(server.seen[1].method, "PATCH");
  EXPECT_THAT(server.seen[1].path, testing::StartsWith("/api/v1/namespaces/shop/events/web."));
  EXPECT_THAT(server.seen[1].body, HasSubstr(R"("count":5)"));
}

TEST_F(EventTest, DoesNotInsistOnAnEventThatIsRefused) {
  expect(403);
  start();
  EventRecorder recorder{*api, pace, "edge-1"};
  recorder.record(service, Reason::kEnsuredLoadBalancer, "done");
  ASSERT_TRUE(requests(1));
  settle(reactor);
  EXPECT_EQ(server.seen.size(), 1U);
  EXPECT_THAT(server.seen[0].body, HasSubstr(R"("type":"Normal")"));
}

TEST_F(EventTest, BeginsAnewWhenTheApiForgotTheEvent) {
  pace.event_spacing = Milliseconds{0};
  expect(201);
  expect(404);
  expect(201);
  start();
  EventRecorder recorder{*api, pace, "edge-1"};
  recorder.record(service, Reason::kSyncLoadBalancerFailed, "x");
  ASSERT_TRUE(requests(1));
  settle(reactor);
  recorder.record(service, Reason::kSyncLoadBalancerFailed, "x");
  ASSERT_TRUE(requests(3));
  EXPECT_EQ(server.seen[2].method, "POST");
}

TEST_F(EventTest, BoundsWhatOneServiceCanSay) {
  start();
  EventRecorder recorder{*api, pace, "edge-1"};
  for (int i = 0; i < 100; ++i) {
    server.expect([](const SeenRequest&, const ConnectionPtr& c) { c->answer(201, "{}"); });
    recorder.record(service, Reason::kSyncLoadBalancerFailed, "try " + std::to_string(i));
  }
  ASSERT_TRUE(requests(25));
  settle(reactor);
  EXPECT_EQ(server.seen.size(), 25U);
}

}  // namespace
}  // namespace sluice::control::kube
