#include "control/admin/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/control/admin/admin_world.h"

namespace sluice::control::admin {
namespace {

using ::testing::HasSubstr;

class AdminServer : public ::testing::Test {
 protected:
  void start(Handler handler) {
    auto started = Server::start(reactor_, path_, std::move(handler));
    ASSERT_TRUE(started) << started.message();
    server_ = std::move(*started);
  }
  void start_echo() {
    start([](const Request& request, Reply reply) { reply(echo(request)); });
  }
  // Answers later: the replies are collected for the test.
  void start_slow() {
    start([this](const Request& request, Reply reply) {
      asked_.push_back(request.explain_service().name());
      replies_.push_back(std::move(reply));
    });
  }
  std::string next_name(RawClient& client) {
    return next_response(reactor_, client).service_explained().service().name();
  }
  void run_until_closed(RawClient& client) {
    run_until(reactor_, [&] {
      client.read();
      return client.is_closed();
    });
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.file("admin.sock");
  Reactor reactor_;
  std::unique_ptr<Server> server_;
  std::vector<std::string> asked_;
  std::vector<Reply> replies_;
};

TEST_F(AdminServer, AnswersARequest) {
  start_echo();
  RawClient client{path_};
  client.write(to_frame(explain("shop")));
  EXPECT_EQ(next_name(client), "shop");
}

TEST_F(AdminServer, PutsARequestTogetherFromPieces) {
  start_echo();
  RawClient client{path_};
  for (const char byte : to_frame(explain("shop"))) {
    client.write({&byte, 1});
    reactor_.run_once(std::chrono::milliseconds{0});
  }
  EXPECT_EQ(next_name(client), "shop");
}

TEST_F(AdminServer, AnswersRequestsInTheirOrderAlsoWhenTheyCameTogether) {
  start_echo();
  RawClient client{path_};
  client.write(to_frame(explain("one")) + to_frame(explain("two")) + to_frame(explain("three")));
  EXPECT_EQ(next_name(client), "one");
  EXPECT_EQ(next_name(client), "two");
  EXPECT_EQ(next_name(client), "three");
}

TEST_F(AdminServer, AnswersByPiecesUntilTheLastOne) {
  start_slow();
  RawClient client{path_};
  client.write(to_frame(explain("one")) + to_frame(explain("two")));
  run_until(reactor_, [&] { return asked_.size() == 1; });
  for (const char* name : {"a", "b"}) {
    replies_[0].piece(echo(explain(name)));
    const auto piece = next_response(reactor_, client);
    EXPECT_TRUE(piece.more());
    EXPECT_EQ(piece.service_explained().service().name(), name);
    EXPECT_EQ(replies_[0].reader(), Reply::Reader::kReady);
  }
  EXPECT_EQ(asked_.size(), 1U);
  replies_[0](echo(explain("c")));
  EXPECT_FALSE(next_response(reactor_, client).more());
  EXPECT_EQ(replies_[0].reader(), Reply::Reader::kGone) << "it is answered";
  run_until(reactor_, [&] { return asked_.size() == 2; });
}

TEST_F(AdminServer, SaysWhenAReaderOfPiecesIsBehindOrGone) {
  start_slow();
  RawClient client{path_};
  client.write(to_frame(explain("one")));
  run_until(reactor_, [&] { return replies_.size() == 1; });
  const auto large = echo(explain(std::string(std::size_t{4} << 20, 'x')));
  replies_[0].piece(large);
  EXPECT_EQ(replies_[0].reader(), Reply::Reader::kBehind);
  EXPECT_EQ(next_name(client).size(), std::size_t{4} << 20);
  run_until(reactor_, [&] { return replies_[0].reader() == Reply::Reader::kReady; });
  client.close();
  run_until(reactor_, [&] { return replies_[0].reader() == Reply::Reader::kGone; });
  replies_[0].piece(large);
  EXPECT_EQ(server_->clients(), 0U);
}

TEST_F(AdminServer, HandlesTheNextRequestOnlyWhenTheOneBeforeIsAnswered) {
  start_slow();
  RawClient client{path_};
  client.write(to_frame(explain("one")) + to_frame(explain("two")));
  run_until(reactor_, [&] { return asked_.size() == 1; });
  reactor_.run_once(std::chrono::milliseconds{0});
  EXPECT_EQ(asked_.size(), 1U);

  replies_[0](echo(explain("one")));

  EXPECT_EQ(asked_.back(), "two");
}

TEST_F(AdminServer, ServesOthersWhileOneWaitsForItsAnswer) {
  start_slow();
  RawClient first{path_}, second{path_};
  first.write(to_frame(explain("one")));
  run_until(reactor_, [&] { return asked_.size() == 1; });
  second.write(to_frame(explain("two")));
  run_until(reactor_, [&] { return asked_.size() == 2; });

  replies_[1](echo(explain("two")));
  EXPECT_EQ(next_name(second), "two");
  replies_[0](echo(explain("one")));
  EXPECT_EQ(next_name(first), "one");
}

TEST_F(AdminServer, IgnoresASecondAnswerToOneRequest) {
  start_slow();
  RawClient client{path_};
  client.write(to_frame(explain("one")) + to_frame(explain("two")));
  run_until(reactor_, [&] { return asked_.size() == 1; });

  replies_[0](echo(explain("one")));
  replies_[0](echo(explain("one again")));
  replies_[1](echo(explain("two")));

  EXPECT_EQ(next_name(client), "one");
  EXPECT_EQ(next_name(client), "two");
}

TEST_F(AdminServer, SendsAnAnswerThatDoesNotFitTheSocketPieceByPiece) {
  start_slow();
  RawClient client{path_};
  client.write(to_frame(explain("one")));
  run_until(reactor_, [&] { return asked_.size() == 1; });

  const std::string long_name(8 << 20, 'x');
  replies_[0](echo(explain(long_name)));

  EXPECT_EQ(next_name(client), long_name);
}

TEST_F(AdminServer, LetsAClientGoThatLeftBeforeItsAnswer) {
  start_slow();
  RawClient client{path_};
  client.write(to_frame(explain("one")));
  run_until(reactor_, [&] { return asked_.size() == 1; });

  client.close();
  run_until(reactor_, [&] { return server_->clients() == 0; });
  replies_[0](echo(explain("one")));  // To nobody.

  EXPECT_EQ(server_->clients(), 0U);
}

TEST_F(AdminServer, LetsAClientGoThatLeavesWhileItsAnswerIsSent) {
  start_slow();
  RawClient client{path_};
  client.write(to_frame(explain("one")));
  run_until(reactor_, [&] { return asked_.size() == 1; });
  replies_[0](echo(explain(std::string(8 << 20, 'x'))));

  client.close();

  run_until(reactor_, [&] { return server_->clients() == 0; });
}

TEST_F(AdminServer, ToleratesAnAnswerAfterItsOwnEnd) {
  start_slow();
  RawClient client{path_};
  client.write(to_frame(explain("one")));
  run_until(reactor_, [&] { return asked_.size() == 1; });

  server_.reset();
  replies_[0](echo(explain("one")));

  run_until_closed(client);
}

TEST_F(AdminServer, AnswersAClientThatWillWriteNothingMore) {
  start_slow();
  RawClient client{path_};
  client.write(to_frame(explain("one")) + to_frame(explain("two")));
  client.write_nothing_more();
  run_until(reactor_, [&] { return asked_.size() == 1; });

  replies_[0](echo(explain("one")));
  replies_[1](echo(explain("two")));

  EXPECT_EQ(next_name(client), "one");
  EXPECT_EQ(next_name(client), "two");
  run_until_closed(client);
}

TEST_F(AdminServer, LetsAClientGoThatLeavesInTheMiddleOfARequest) {
  start_echo();
  RawClient client{path_};
  client.write(to_frame(explain("shop")).substr(0, 6));
  run_until(reactor_, [&] { return server_->clients() == 1; });

  client.close();

  run_until(reactor_, [&] { return server_->clients() == 0; });
}

TEST_F(AdminServer, SaysThatARequestIsTooLongAndCloses) {
  start_echo();
  RawClient client{path_};
  client.write(std::string{'\0', '\x10', '\0', '\1'});  // 1 MiB and one byte.
  EXPECT_THAT(next_response(reactor_, client).error(), HasSubstr("a frame of 1048577 bytes"));
  run_until_closed(client);
  EXPECT_EQ(server_->clients(), 0U);
}

TEST_F(AdminServer, SaysThatGarbageIsNoRequestAndCloses) {
  start_echo();
  RawClient client{path_};
  client.write(std::string{'\0', '\0', '\0', '\3', '\xff', '\xff', '\xff'});
  EXPECT_EQ(next_response(reactor_, client).error(), "this is no request of sluice");
  run_until_closed(client);
}

TEST_F(AdminServer, TellsAWebBrowserThatThisIsAnotherProtocol) {
  start_echo();
  RawClient client{path_};
  client.write("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(next_response(reactor_, client).error(), HasSubstr("is this the protocol of sluice?"));
  run_until_closed(client);
}

TEST_F(AdminServer, SaysThatItDoesNotKnowAQuestionAndGoesOn) {
  start_echo();
  RawClient client{path_};
  client.write(to_frame(Request{}) + to_frame(explain("shop")));
  EXPECT_THAT(next_response(reactor_, client).error(), HasSubstr("does not know that question"));
  EXPECT_EQ(next_name(client), "shop");
}

TEST_F(AdminServer, RefusesClientsAboveTheMaximumUntilOthersLeave) {
  start_echo();
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (std::size_t i = 0; i < Server::kClientsMax; ++i) {
    crowd.push_back(std::make_unique<RawClient>(path_));
    run_until(reactor_, [&] { return server_->clients() == i + 1; });
  }

  RawClient late{path_};
  EXPECT_THAT(next_response(reactor_, late).error(), HasSubstr("too many clients"));

  crowd.clear();
  run_until(reactor_, [&] { return server_->clients() == 0; });
  RawClient next{path_};
  next.write(to_frame(explain("shop")));
  EXPECT_EQ(next_name(next), "shop");
}

}  // namespace
}  // namespace sluice::control::admin
