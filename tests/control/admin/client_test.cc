#include "control/admin/client.h"

#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/control/admin/admin_world.h"

namespace sluice::control::admin {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

// A daemon with a thread of its own, as the client blocks.
class Daemon {
 public:
  explicit Daemon(Handler handler) {
    auto started = Server::start(reactor_, path(), std::move(handler));
    EXPECT_TRUE(started) << started.message();
    server_ = std::move(*started);
    thread_ = std::thread{[this] { reactor_.run(); }};
  }
  ~Daemon() {
    reactor_.post([this] { reactor_.stop(); });
    thread_.join();
  }

  std::string path() const { return directory_.file("admin.sock"); }

 private:
  TemporaryDirectory directory_;
  Reactor reactor_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

TEST(AdminClient, GetsAnAnswer) {
  const Daemon daemon{[](const Request& request, Reply reply) { reply(echo(request)); }};
  const auto response = ask(daemon.path(), explain("shop"));
  ASSERT_TRUE(response) << response.message();
  EXPECT_EQ(response->service_explained().service().name(), "shop");
}

TEST(AdminClient, GetsAnAnswerOfManyMegabytes) {
  const std::string long_name(16 << 20, 'x');
  const Daemon daemon{[&](const Request&, Reply reply) { reply(echo(explain(long_name))); }};
  const auto response = ask(daemon.path(), explain("shop"));
  ASSERT_TRUE(response) << response.message();
  EXPECT_EQ(response->service_explained().service().name().size(), long_name.size());
}

TEST(AdminClient, FailsWithTheDaemonsOwnSentence) {
  const Daemon daemon{[](const Request&, Reply reply) { reply(failure("no Service shop")); }};
  EXPECT_EQ(ask(daemon.path(), explain("shop")).message(), "no Service shop");
}

TEST(AdminClient, ReadsWhyItWasRefusedAlsoWhenItCouldNotFinishAsking) {
  const Daemon daemon{[](const Request& request, Reply reply) { reply(echo(request)); }};
  const auto response = ask(daemon.path(), explain(std::string(4 << 20, 'x')));
  ASSERT_FALSE(response);
  EXPECT_THAT(response.message(), HasSubstr("1048576 is the most"));
}

TEST(AdminClient, SaysThatNoDaemonRuns) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("admin.sock");
  EXPECT_EQ(ask(path, explain("shop")).message(),
            "no sluiced at " + path + ": is it running? (No such file or directory)");
}

TEST(AdminClient, SaysThatADaemonIsGone) {
  const TemporaryDirectory directory;
  const FileDescriptor dead{::socket(AF_UNIX, SOCK_STREAM, 0)};
  const auto address = socket_address(directory.file("admin.sock"));
  ASSERT_EQ(::bind(dead.get(), generic(*address), sizeof *address), 0);
  EXPECT_THAT(ask(directory.file("admin.sock"), explain("shop")).message(), HasSubstr("(Connection refused)"));
}

TEST(AdminClient, LosesPatienceWithADaemonThatSaysNothing) {
  const TemporaryDirectory directory;
  const auto mute = ServerSocket::listen(directory.file("admin.sock"));
  ASSERT_TRUE(mute);
  EXPECT_THAT(ask(directory.file("admin.sock"), explain("shop"), 10ms).message(), HasSubstr("does not answer"));
}

TEST(AdminClient, SaysThatADaemonEndedBeforeItAnswered) {
  const TemporaryDirectory directory;
  auto listening = ServerSocket::listen(directory.file("admin.sock"));
  ASSERT_TRUE(listening);
  auto answer = std::async(std::launch::async, [&] { return ask(directory.file("admin.sock"), explain("shop")); });
  FileDescriptor accepted;
  while (!accepted.is_open()) accepted = FileDescriptor{::accept(listening->fd(), nullptr, nullptr)};
  std::array<char, 4> header;
  while (::recv(accepted.get(), header.data(), header.size(), MSG_WAITALL) < 0) std::this_thread::yield();
  accepted = FileDescriptor{};
  EXPECT_THAT(answer.get().message(), StartsWith("sluiced at " + directory.file("admin.sock")));
}

}  // namespace
}  // namespace sluice::control::admin
