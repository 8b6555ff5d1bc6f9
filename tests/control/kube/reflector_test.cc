#include "control/kube/reflector.h"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/control/kube/fake_server.h"

namespace sluice::control::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string node(const std::string& name, const std::string& version, const std::string& uid = "") {
  return R"({"metadata":{"name":")" + name + R"(","uid":")" + (uid.empty() ? "uid-" + name : uid) +
         R"(","resourceVersion":")" + version + R"("}})";
}

std::string list(const std::string& version, const std::string& items, const std::string& more = "") {
  return R"({"kind":"NodeList","metadata":{"resourceVersion":")" + version + R"(","continue":")" + more +
         R"("},"items":[)" + items + "]}";
}

std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

Pace no_delays() {
  Pace pace;
  pace.list_retry_min = pace.list_retry_max = Milliseconds{0};
  pace.reconnect_jitter = Milliseconds{0};
  pace.random = [] { return 0.0; };
  return pace;
}

class ReflectorTest : public testing::Test {
 protected:
  void start(const Pace& pace = no_delays()) {
    Reflector<Node>::Callbacks callbacks;
    callbacks.on_upsert = [this](Node n) { log.push_back("+" + n.meta.name + "@" + n.meta.resource_version); };
    callbacks.on_delete = [this](const std::string& key) { log.push_back("-" + key); };
    callbacks.on_malformed = [this](Malformed m) { log.push_back("!" + m.meta.key() + " " + m.sentence); };
    callbacks.on_synced = [this] { log.emplace_back("synced"); };
    callbacks.on_state = [this](auto link, const std::string& sentence) {
      connected = link == Reflector<Node>::Callbacks::Link::kConnected;
      sentences.push_back(sentence);
    };
    api = std::make_unique<Api>(reactor, http, server.access());
    reflector = std::make_unique<Reflector<Node>>(*api, Resource{"nodes", "/api/v1/nodes"}, pace, callbacks);
  }
  void expect_list(const std::string& body) {
    server.expect([body](const SeenRequest&, const ConnectionPtr& c) { c->answer(200, body); });
  }
  void expect_watch(const std::string& lines) {
    server.expect([lines](const SeenRequest&, const ConnectionPtr& c) {
      c->begin_stream();
      if (!lines.empty()) c->stream(lines);
    });
  }
  void expect_answer(int status, const std::string& headers = "") {
    server.expect([=](const SeenRequest&, const ConnectionPtr& c) {
      c->answer(status, R"({"kind":"Status","reason":"Because","message":"of this"})", headers);
    });
  }
  bool requests(std::size_t count) {
    return turn_until(reactor, [&] { return server.seen.size() >= count; });
  }
  bool logged(std::size_t count) {
    return turn_until(reactor, [&] { return log.size() >= count; });
  }

  Reactor reactor;
  HttpClient http{reactor};
  FakeServer server{reactor};
  std::vector<std::string> log;
  std::vector<std::string> sentences;
  bool connected = false;
  std::unique_ptr<Api> api;
  std::unique_ptr<Reflector<Node>> reflector;
};

TEST_F(ReflectorTest, ListsInPagesThenWatchesFromTheListsVersion) {
  expect_list(list("100", node("a", "7"), "next/1"));
  expect_list(list("100", node("b", "8")));
  expect_watch("");
  start();
  ASSERT_TRUE(turn_until(reactor, [&] { return connected; }));
  EXPECT_THAT(log, ElementsAre("+a@7", "+b@8", "synced"));
  EXPECT_EQ(server.seen[0].path, "/api/v1/nodes?limit=500");
  EXPECT_EQ(server.seen[1].path, "/api/v1/nodes?limit=500&continue=next%2F1");
  EXPECT_EQ(server.seen[2].path,
            "/api/v1/nodes?watch=1&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=100");
  EXPECT_THAT(sentences, ElementsAre("watching"));
}

TEST_F(ReflectorTest, TellsNothingOfAListThatIsNotWhole) {
  expect_list(list("100", node("a", "7"), "next"));
  expect_answer(410);  // The token was too old.
  expect_list(list("200", node("b", "8")));
  start();
  ASSERT_TRUE(requests(4));
  EXPECT_EQ(server.seen[2].path, "/api/v1/nodes?limit=500");
  EXPECT_THAT(log, ElementsAre("+b@8", "synced"));
}

TEST_F(ReflectorTest, PutsEventsTogetherThatAreCutAnywhere) {
  expect_list(list("1", ""));
  server.expect([](const SeenRequest&, const ConnectionPtr& c) {
    const auto lines =
        event("ADDED", node("a", "2")) + event("MODIFIED", node("a", "3")) + event("DELETED", node("a", "4"));
    c->begin_stream();
    for (const char byte : lines) c->stream({&byte, 1});
  });
  start();
  ASSERT_TRUE(logged(4));
  EXPECT_THAT(log, ElementsAre("synced", "+a@2", "+a@3", "-a"));
}

TEST_F(ReflectorTest, GoesOnFromTheLastVersionWhenAWatchEnds) {
  expect_list(list("1", ""));
  server.expect([](const SeenRequest&, const ConnectionPtr& c) {
    c->begin_stream();
    c->stream(event("ADDED", node("a", "2")) + event("BOOKMARK", R"({"metadata":{"resourceVersion":"50"}})"));
    c->end_stream();
  });
  expect_watch(event("MODIFIED", node("a", "51")));
  start();
  ASSERT_TRUE(logged(3));
  EXPECT_THAT(server.seen[2].path, HasSubstr("resourceVersion=50"));
  EXPECT_THAT(log, ElementsAre("synced", "+a@2", "+a@51"));
}

TEST_F(ReflectorTest, DropsTheHalfLineOfAConnectionThatBroke) {
  expect_list(list("1", ""));
  server.expect([](const SeenRequest&, const ConnectionPtr& c) {
    c->begin_stream();
    c->stream(event("ADDED", node("a", "2")) + R"({"type":"DELETED","object":{"meta)");
    c->close();
  });
  expect_watch(event("MODIFIED", node("a", "3")));
  start();
  ASSERT_TRUE(logged(3));
  EXPECT_THAT(server.seen[2].path, HasSubstr("resourceVersion=2"));
  EXPECT_THAT(log, ElementsAre("synced", "+a@2", "+a@3"));
}

TEST_F(ReflectorTest, ListsAgainAfterA410EventAndTellsWhatIsGone) {
  expect_list(list("1", node("a", "1") + "," + node("b", "1") + "," + node("c", "1")));
  expect_watch(event("ERROR", R"({"kind":"Status","code":410,"reason":"Expired","message":"too old"})"));
  expect_list(list("9", node("a", "1") + "," + node("b", "5") + "," + node("d", "6")));
  expect_watch("");
  start();
  ASSERT_TRUE(requests(4));
  EXPECT_THAT(log, ElementsAre("+a@1", "+b@1", "+c@1", "synced", "+b@5", "+d@6", "-c"));
  EXPECT_THAT(server.seen[3].path, HasSubstr("resourceVersion=9"));
  EXPECT_THAT(sentences[1], HasSubstr("410 Expired: too old"));
}

TEST_F(ReflectorTest, ListsAgainAfterA410Status) {
  expect_list(list("1", node("a", "1")));
  expect_answer(410);
  expect_list(list("9", ""));
  start();
  ASSERT_TRUE(requests(4));
  EXPECT_THAT(log, ElementsAre("+a@1", "synced", "-a"));
}

TEST_F(ReflectorTest, TellsADeletionWhenTheSameNameIsAnotherObject) {
  expect_list(list("1", node("a", "1", "first")));
  expect_answer(410);
  expect_list(list("9", node("a", "8", "second")));
  start();
  ASSERT_TRUE(requests(4));
  EXPECT_THAT(log, ElementsAre("+a@1", "synced", "-a", "+a@8"));
}

TEST_F(ReflectorTest, ListsAgainAfterAnotherErrorOrNonsense) {
  expect_list(list("1", ""));
  expect_watch(event("ERROR", R"({"kind":"Status","code":500,"message":"etcd went away"})"));
  expect_list(list("2", ""));
  expect_watch("this is no event\n");
  expect_list(list("3", node("a", "3")));
  start();
  ASSERT_TRUE(requests(6));
  EXPECT_THAT(log, ElementsAre("synced", "+a@3"));
  EXPECT_THAT(sentences, testing::Contains(HasSubstr("etcd went away")));
  EXPECT_THAT(sentences, testing::Contains(HasSubstr("not JSON")));
}

TEST_F(ReflectorTest, ReportsAMalformedObjectAndGoesOn) {
  const std::string broken = R"({"metadata":{"name":"b","resourceVersion":"3"},"spec":7})";
  expect_list(list("1", node("b", "1")));
  expect_watch(event("MODIFIED", broken) + event("ADDED", node("c", "4")));
  start();
  ASSERT_TRUE(logged(4));
  EXPECT_THAT(log, ElementsAre("+b@1", "synced", "!b spec: expected an object, got 7", "+c@4"));
}

TEST_F(ReflectorTest, KeepsWhatItKnowsWhileTheServerRefuses) {
  expect_list(list("1", node("a", "1")));
  expect_answer(500);
  expect_answer(401);
  expect_answer(404);
  expect_answer(503);
  expect_watch(event("MODIFIED", node("a", "2")));
  start();
  ASSERT_TRUE(logged(3));
  EXPECT_THAT(log, ElementsAre("+a@1", "synced", "+a@2"));
  EXPECT_THAT(sentences,
              ElementsAre("watch nodes: 500 Internal Server Error: Because: of this",
                          "watch nodes: 401 Unauthorized: Because: of this",
                          AllOf(StartsWith("watch nodes: 404 Not Found"), HasSubstr("does not serve /api/v1/nodes")),
                          "watch nodes: 503 Service Unavailable: Because: of this", "watching"));
}

TEST_F(ReflectorTest, WaitsAsLongAsTheServerAsks) {
  expect_answer(429, "Retry-After: 1\r\n");
  expect_list(list("1", ""));
  start();
  const auto began = Reactor::Clock::now();
  ASSERT_TRUE(logged(1));
  EXPECT_GE(Reactor::Clock::now() - began, Milliseconds{900});
}

TEST_F(ReflectorTest, TriesOnceAtOnceAndThenWithGrowingDelays) {
  auto pace = no_delays();
  pace.list_retry_min = Milliseconds{60'000};
  pace.list_retry_max = Milliseconds{600'000};
  expect_answer(500);
  expect_answer(500);
  start(pace);
  ASSERT_TRUE(requests(2));
  settle(reactor);
  EXPECT_EQ(server.seen.size(), 2U);
}

TEST_F(ReflectorTest, GivesUpAWatchThatIsSilentForTooLong) {
  auto pace = no_delays();
  pace.watch_min = pace.watch_max = Milliseconds{1'000};
  pace.watch_grace = Milliseconds{-990};  // A silence of 10 ms is too long here.
  expect_list(list("1", ""));
  expect_watch("");
  expect_watch(event("ADDED", node("a", "2")));
  start(pace);
  ASSERT_TRUE(logged(2));
  EXPECT_THAT(sentences, testing::Contains(HasSubstr("not a byte")));
}

TEST_F(ReflectorTest, SaysThatNobodyListens) {
  server.stop();
  start();
  ASSERT_TRUE(turn_until(reactor, [&] { return !sentences.empty(); }));
  EXPECT_THAT(sentences[0], AllOf(StartsWith("list nodes: "), HasSubstr("127.0.0.1"), HasSubstr("efused")));
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(ReflectorTest, CanEndInTheMiddleOfAWatch) {
  expect_list(list("1", ""));
  expect_watch(event("ADDED", node("a", "2")));
  start();
  ASSERT_TRUE(logged(2));
  reflector.reset();
  server.connections.back()->stream(event("ADDED", node("b", "3")));
  settle(reactor);
  EXPECT_EQ(log.size(), 2U);
}

}  // namespace
}  // namespace sluice::control::kube
