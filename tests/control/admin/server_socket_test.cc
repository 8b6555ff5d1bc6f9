#include "control/admin/server_socket.h"

#include <sys/stat.h>

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/control/admin/admin_world.h"

namespace sluice::control::admin {
namespace {

using ::testing::HasSubstr;

// The file that a daemon leaves behind when it is killed.
void leave_stale_socket(const std::string& path) {
  const FileDescriptor socket{::socket(AF_UNIX, SOCK_STREAM, 0)};
  const auto address = socket_address(path);
  ASSERT_EQ(::bind(socket.get(), generic(*address), sizeof *address), 0);
}

TEST(ServerSocket, IsForItsOwnerAndItsGroupOnly) {
  const TemporaryDirectory directory;
  const auto socket = ServerSocket::listen(directory.file("admin.sock"));
  ASSERT_TRUE(socket) << socket.message();
  struct stat status {};
  ASSERT_EQ(::stat(directory.file("admin.sock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0660U);
}

TEST(ServerSocket, LetsItsOwnUserAsk) {
  const TemporaryDirectory directory;
  const auto socket = ServerSocket::listen(directory.file("admin.sock"));
  ASSERT_TRUE(socket) << socket.message();
  const RawClient client{directory.file("admin.sock")};
  const FileDescriptor accepted{::accept(socket->fd(), nullptr, nullptr)};
  EXPECT_TRUE(socket->may_ask(accepted.get()));
}

TEST(ServerSocket, LetsNoStrangerAskEvenIfTheFileIsOpenToAll) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
  constexpr uid_t kNobody = 65534;
  const TemporaryDirectory directory;
  const std::string path = directory.file("admin.sock");
  const auto socket = ServerSocket::listen(path);
  ASSERT_TRUE(socket) << socket.message();
  ASSERT_EQ(::chmod(directory.file("").c_str(), 0755), 0);
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);

  ASSERT_EQ(::seteuid(kNobody), 0);
  const RawClient stranger{path};
  ASSERT_EQ(::seteuid(0), 0);

  const FileDescriptor accepted{::accept(socket->fd(), nullptr, nullptr)};
  EXPECT_FALSE(socket->may_ask(accepted.get()));
}

TEST(ServerSocket, MakesItsDirectory) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(ServerSocket::listen(directory.file("run/sluice/admin.sock")));
}

TEST(ServerSocket, TakesItsFileWithIt) {
  const TemporaryDirectory directory;
  { ASSERT_TRUE(ServerSocket::listen(directory.file("admin.sock"))); }
  EXPECT_FALSE(std::filesystem::exists(directory.file("admin.sock")));
}

TEST(ServerSocket, LeavesTheFileThatASuccessorPutThere) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("admin.sock");
  {
    const auto socket = ServerSocket::listen(path);
    ASSERT_TRUE(socket);
    std::filesystem::rename(path, directory.file("old.sock"));
    leave_stale_socket(path);
  }
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(ServerSocket, ReplacesTheFileOfADaemonThatIsGone) {
  const TemporaryDirectory directory;
  leave_stale_socket(directory.file("admin.sock"));
  const auto socket = ServerSocket::listen(directory.file("admin.sock"));
  ASSERT_TRUE(socket) << socket.message();
  RawClient{directory.file("admin.sock")}.write("heard");
}

TEST(ServerSocket, RefusesThePlaceOfADaemonThatLives) {
  const TemporaryDirectory directory;
  const auto first = ServerSocket::listen(directory.file("admin.sock"));
  ASSERT_TRUE(first) << first.message();

  const auto second = ServerSocket::listen(directory.file("admin.sock"));

  ASSERT_FALSE(second);
  EXPECT_THAT(second.message(), HasSubstr("another sluiced answers there (process " + std::to_string(::getpid())));
  RawClient{directory.file("admin.sock")}.write("still heard");
}

TEST(ServerSocket, DoesNotRemoveAFileThatIsNoSocket) {
  const TemporaryDirectory directory;
  std::ofstream{directory.file("admin.sock")} << "precious";
  const auto socket = ServerSocket::listen(directory.file("admin.sock"));
  ASSERT_FALSE(socket);
  EXPECT_THAT(socket.message(), HasSubstr("is no socket"));
  EXPECT_EQ(std::filesystem::file_size(directory.file("admin.sock")), 8U);
}

TEST(ServerSocket, RefusesAPathThatNoSocketCanHave) {
  const auto socket = ServerSocket::listen("/tmp/" + std::string(200, 'x'));
  ASSERT_FALSE(socket);
  EXPECT_THAT(socket.message(), HasSubstr("107 bytes"));
}

}  // namespace
}  // namespace sluice::control::admin
