#include "control/health/prober.h"

#include <gtest/gtest.h>

#include "tests/control/kube/fake_server.h"

namespace sluice::control::health {
namespace {

using kube::ConnectionPtr;
using kube::FakeServer;
using kube::SeenRequest;
using kube::turn_until;

class ProberTest : public testing::Test {
 protected:
  void answer(int status) {
    server.expect([status](const SeenRequest&, const ConnectionPtr& c) { c->answer(status, "{}"); });
  }
  Target target() const {
    const std::string url = server.access().server;
    const auto port = std::stoul(url.substr(url.rfind(':') + 1));
    return {*net::IpAddress::parse("127.0.0.1"), static_cast<std::uint16_t>(port)};
  }
  bool stands(Standing standing) {
    return turn_until(reactor, [&] {
      const auto found = prober.view().find(target());
      return found != prober.view().end() && found->second.standing == standing;
    });
  }

  Reactor reactor;
  FakeServer server{reactor};
  int changes = 0;
  Prober prober{reactor,
                {.interval = std::chrono::milliseconds{20}, .timeout = std::chrono::milliseconds{300}, .rules = {}},
                [this] { ++changes; }};
};

TEST_F(ProberTest, AsksUntilTheFirstSuccessAndTellsOfIt) {
  answer(503);
  answer(200);
  prober.want({{.target = target(), .trust = Trust::kNone}});
  EXPECT_EQ(prober.view().at(target()).standing, Standing::kAwaited);
  EXPECT_TRUE(stands(Standing::kPasses));
  EXPECT_EQ(changes, 2) << "no, then yes";
  EXPECT_EQ(server.seen.front().path, "/healthz");
}

TEST_F(ProberTest, TakesAnotherStatusForANo) {
  answer(200);
  answer(503);
  answer(404);
  prober.want({{.target = target(), .trust = Trust::kNone}});
  ASSERT_TRUE(stands(Standing::kFails));
  EXPECT_EQ(prober.view().at(target()).last, Answer::kNo);
}

TEST_F(ProberTest, TakesARefusalForSilence) {
  answer(200);
  prober.want({{.target = target(), .trust = Trust::kNone}});
  ASSERT_TRUE(stands(Standing::kPasses));
  server.stop();
  ASSERT_TRUE(stands(Standing::kFails));
  EXPECT_EQ(prober.view().at(target()).last, Answer::kSilence);
}

TEST_F(ProberTest, TakesNoAnswerInTimeForSilence) {
  prober.want({{.target = target(), .trust = Trust::kGranted}});
  EXPECT_EQ(prober.view().at(target()).standing, Standing::kTrusted);
  ASSERT_TRUE(stands(Standing::kFails));
}

TEST_F(ProberTest, TakesAnAnswerWithoutEndForSilence) {
  answer(200);
  for (int i = 0; i < 2; ++i) {
    server.expect([](const SeenRequest&, const ConnectionPtr& c) {
      c->begin_stream();
      c->stream(std::string((64 << 10) + 1, 'x'));
    });
  }
  prober.want({{.target = target(), .trust = Trust::kNone}});
  ASSERT_TRUE(stands(Standing::kPasses));
  ASSERT_TRUE(stands(Standing::kFails));
  EXPECT_EQ(prober.view().at(target()).last, Answer::kSilence);
}

TEST_F(ProberTest, KeepsTheRecordOfATargetThatIsStillWanted) {
  answer(200);
  prober.want({{.target = target(), .trust = Trust::kNone}});
  ASSERT_TRUE(stands(Standing::kPasses));
  prober.want({{.target = target(), .trust = Trust::kNone}});
  EXPECT_EQ(prober.view().at(target()).standing, Standing::kPasses);
}

TEST_F(ProberTest, ForgetsWhatIsNotWantedAnyMore) {
  prober.want({{.target = target(), .trust = Trust::kNone}});
  ASSERT_TRUE(turn_until(reactor, [&] { return !server.seen.empty(); })) << "in flight now";
  prober.want({});
  EXPECT_TRUE(prober.view().empty());
  prober.want({{.target = target(), .trust = Trust::kNone}});
  answer(200);
  EXPECT_TRUE(stands(Standing::kPasses)) << "asked anew";
}

TEST_F(ProberTest, TrustsATargetThatAnyWishTrusts) {
  prober.want({{.target = target(), .trust = Trust::kGranted}, {.target = target(), .trust = Trust::kNone}});
  EXPECT_EQ(prober.view().at(target()).standing, Standing::kTrusted);
}

}  // namespace
}  // namespace sluice::control::health
