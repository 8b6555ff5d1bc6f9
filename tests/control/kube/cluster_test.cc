#include "control/kube/cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/control/kube/fake_server.h"

namespace sluice::control::kube {
namespace {

using testing::HasSubstr;

EndpointSlice slice(const std::string& name, const std::string& service) {
  EndpointSlice result;
  result.meta.name_space = "shop";
  result.meta.name = name;
  result.service_name = service;
  return result;
}

TEST(ClusterState, JoinsSlicesWithTheirServiceAlsoWhenTheyMove) {
  ClusterState state;
  state.put(slice("a", "web"));
  state.put(slice("b", "web"));
  EXPECT_EQ(state.slices_of("shop/web").size(), 2U);
  state.put(slice("a", "other"));
  EXPECT_EQ(state.slices_of("shop/web").size(), 1U);
  EXPECT_EQ(state.slices_of("shop/other").size(), 1U);
  state.put(slice("a", ""));
  EXPECT_TRUE(state.slices_of("shop/other").empty());
  state.remove_slice("shop/b");
  state.remove_slice("shop/unknown");
  EXPECT_TRUE(state.slices.empty());
}

class ClusterTest : public testing::Test {
 protected:
  ClusterTest() { pace.list_retry_min = pace.list_retry_max = pace.reconnect_jitter = Milliseconds{0}; }

  // All three resources are answered alike, by path.
  void serve(int times) {
    for (int i = 0; i < times; ++i) {
      server.expect([this](const SeenRequest& r, const ConnectionPtr& c) { answer(r, c); });
    }
  }
  void answer(const SeenRequest& request, const ConnectionPtr& connection) {
    const bool is_watch = request.path.find("watch=1") != std::string::npos;
    const auto resource = request.path.substr(0, request.path.find('?'));
    const auto& bodies = is_watch ? watches : lists;
    const auto found = bodies.find(resource);
    if (!is_watch && found == bodies.end()) return connection->answer(404, "404 page not found");
    if (!is_watch) return connection->answer(200, found->second);
    connection->begin_stream();
    if (found != bodies.end()) connection->stream(found->second);
  }

  Reactor reactor;
  HttpClient http{reactor};
  FakeServer server{reactor};
  Pace pace;
  std::map<std::string, std::string> lists;
  std::map<std::string, std::string> watches;
};

constexpr const char* kEmpty = R"({"metadata":{"resourceVersion":"1"},"items":[]})";

TEST_F(ClusterTest, IsSyncedWhenAllThreeAre) {
  lists = {{"/api/v1/services",
            R"({"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"namespace":"shop","name":"web"}}]})"},
           {"/api/v1/nodes", kEmpty},
           {"/apis/discovery.k8s.io/v1/endpointslices", kEmpty}};
  serve(6);
  Api api{reactor, http, server.access()};
  int changes = 0;
  const Cluster cluster{"prod", api, pace, [&] { ++changes; }};
  EXPECT_FALSE(cluster.synced());
  ASSERT_TRUE(turn_until(reactor, [&] { return cluster.synced(); }));
  EXPECT_TRUE(cluster.state().services.contains("shop/web"));
  EXPECT_GE(changes, 4);
  ASSERT_TRUE(turn_until(reactor, [&] { return cluster.feeds()[0].connected; }));
  EXPECT_EQ(cluster.feeds()[0].sentence, "watching");
}

TEST_F(ClusterTest, SaysThatDiscoveryIsMissingAndKeepsTrying) {
  lists = {{"/api/v1/services", kEmpty}, {"/api/v1/nodes", kEmpty}};
  serve(8);
  Api api{reactor, http, server.access()};
  const Cluster cluster{"old", api, pace, {}};
  ASSERT_TRUE(turn_until(reactor, [&] { return server.seen.size() >= 8; }));
  EXPECT_FALSE(cluster.synced());
  EXPECT_THAT(cluster.feeds()[2].sentence, HasSubstr("does not serve /apis/discovery.k8s.io/v1/endpointslices"));
}

TEST_F(ClusterTest, KeepsTheLastGoodVersionOfAMalformedObject) {
  lists = {{"/api/v1/services", R"({"metadata":{"resourceVersion":"1"},"items":[
              {"metadata":{"namespace":"shop","name":"web","uid":"u","resourceVersion":"1"},
               "spec":{"ports":[{"port":80}]}}]})"},
           {"/api/v1/nodes", kEmpty},
           {"/apis/discovery.k8s.io/v1/endpointslices", kEmpty}};
  watches["/api/v1/services"] =
      R"({"type":"MODIFIED","object":{"metadata":{"namespace":"shop","name":"web","uid":"u","resourceVersion":"2"},)"
      R"("spec":{"ports":[{"port":"x"}]}}})"
      "\n";
  serve(6);
  Api api{reactor, http, server.access()};
  const Cluster cluster{"prod", api, pace, {}};
  ASSERT_TRUE(turn_until(reactor, [&] { return !cluster.state().malformed.empty(); }));
  EXPECT_EQ(cluster.state().services.at("shop/web").ports.at(0).port, 80);
  const auto& malformed = cluster.state().malformed.at("services shop/web");
  EXPECT_EQ(malformed.meta.uid, "u");
  EXPECT_THAT(malformed.sentence, HasSubstr("spec.ports[0].port"));
}

// Whatever else is wrong with it: what it holds must go.
TEST_F(ClusterTest, ShowsTheEndOfAMalformedObject) {
  lists = {{"/api/v1/services", R"({"metadata":{"resourceVersion":"1"},"items":[
              {"metadata":{"namespace":"shop","name":"web","uid":"u","resourceVersion":"1"},
               "spec":{"ports":[{"port":80}]}},
              {"metadata":{"namespace":"shop","name":"never","uid":"v","resourceVersion":"1",
                           "deletionTimestamp":"2026-11-26T00:00:00Z","finalizers":["sluice.dev/lb"]},
               "spec":{"ports":[{"port":"x"}]}}]})"},
           {"/api/v1/nodes", kEmpty},
           {"/apis/discovery.k8s.io/v1/endpointslices", kEmpty}};
  watches["/api/v1/services"] =
      R"({"type":"MODIFIED","object":{"metadata":{"namespace":"shop","name":"web","uid":"u","resourceVersion":"2",)"
      R"("deletionTimestamp":"2026-11-26T00:00:00Z"},"spec":{"ports":[{"port":"x"}]}}})"
      "\n";
  serve(6);
  Api api{reactor, http, server.access()};
  const Cluster cluster{"prod", api, pace, {}};
  ASSERT_TRUE(turn_until(reactor, [&] { return cluster.state().malformed.size() == 2; }));
  const auto& services = cluster.state().services;
  EXPECT_TRUE(services.at("shop/web").meta.is_deleting());
  EXPECT_EQ(services.at("shop/web").ports.at(0).port, 80);
  EXPECT_TRUE(services.at("shop/never").meta.has_finalizer("sluice.dev/lb"));
}

}  // namespace
}  // namespace sluice::control::kube
