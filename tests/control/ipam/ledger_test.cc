#include "control/ipam/ledger.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/ipam/ledger_text.h"

namespace sluice::control::ipam {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

net::IpAddress ip(std::string_view text) { return net::IpAddress::parse(text).value(); }
ServiceName named(std::string name) { return {"edge", "shop", std::move(name)}; }
LedgerEntry entry(std::string name, const net::IpAddress& vip) {
  return {.service = named(std::move(name)), .uid = "6f1e", .vip = vip, .pool = "public", .since = 1767225600};
}

constexpr const char* kHeader = "{\"format\": \"sluice-ledger\", \"version\": 1}\n";
constexpr const char* kEnd = "{\"end\": true}\n";

class LedgerFile : public testing::Test {
 protected:
  LedgerFile() {
    std::string pattern = testing::TempDir() + "ledger-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/ledger.jsonl";
  }
  ~LedgerFile() override { std::filesystem::remove_all(folder_); }

  std::string content() const {
    std::ostringstream text;
    text << std::ifstream{path_}.rdbuf();
    return text.str();
  }
  void write(std::string_view text) const { std::ofstream{path_} << text; }

  std::string folder_;
  std::string path_;
};

TEST_F(LedgerFile, IsMadeWhenThereIsNone) {
  ASSERT_TRUE(Ledger::open(path_));
  EXPECT_EQ(content(), std::string{kHeader} + kEnd);
}

TEST_F(LedgerFile, KeepsHoldersAndReleasesOverARestart) {
  {
    auto ledger = Ledger::open(path_);
    ASSERT_TRUE(ledger->hold(entry("web", ip("192.0.2.1"))));
    ASSERT_TRUE(ledger->hold(entry("dual", ip("2001:db8::1"))));
    ASSERT_TRUE(ledger->hold(entry("dual", ip("192.0.2.3"))));
    ASSERT_TRUE(ledger->hold(entry("a \"quoted\"\n\\ name \xc3\xa9", ip("192.0.2.2"))));
    ASSERT_TRUE(ledger->release({named("web")}, 1767225700));
  }
  const auto again = Ledger::open(path_);
  ASSERT_TRUE(again) << again.message();
  ASSERT_EQ(again->entries().size(), 4U);
  EXPECT_EQ(again->entries()[0].state, HoldState::kReleased);
  EXPECT_EQ(again->entries()[0].since, 1767225700);
  EXPECT_EQ(*again->find_by_holder({named("dual"), IpFamily::kIpv6}), entry("dual", ip("2001:db8::1")));
  EXPECT_EQ(*again->find_by_holder({named("dual"), IpFamily::kIpv4}), entry("dual", ip("192.0.2.3")));
  EXPECT_EQ(again->find_by_vip(ip("192.0.2.2"))->service.name, "a \"quoted\"\n\\ name \xc3\xa9");
}

TEST_F(LedgerFile, KeepsWhichClustersAreKnown) {
  LedgerBook book;
  book.know("east");
  ASSERT_TRUE(Ledger::open(path_)->store(book));
  EXPECT_EQ(content(), std::string{kHeader} + "{\"known_cluster\": \"east\"}\n" + kEnd);
  const auto again = Ledger::open(path_);
  EXPECT_TRUE(again->book().knows("east"));
  EXPECT_FALSE(again->book().knows("west"));
}

TEST_F(LedgerFile, IsRefusedToASecondProcess) {
  const auto first = Ledger::open(path_);
  const auto second = Ledger::open(path_);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.message(), HasSubstr("another process holds this lock"));
}

TEST_F(LedgerFile, IsFreeAgainWhenItsLedgerIsGone) {
  { const auto first = Ledger::open(path_); }
  EXPECT_TRUE(Ledger::open(path_));
}

TEST_F(LedgerFile, NeedsItsFolder) {
  const auto ledger = Ledger::open(folder_ + "/absent/ledger.jsonl");
  ASSERT_FALSE(ledger);
  EXPECT_THAT(ledger.message(), HasSubstr("absent/ledger.jsonl.lock: No such file or directory"));
}

TEST_F(LedgerFile, IsLeftAsItIsWhenNotUnderstood) {
  const std::string good =
      "{\"vip\": \"192.0.2.1\", \"state\": \"held\", \"cluster\": \"edge\", \"namespace\": \"shop\", "
      "\"name\": \"web\", \"uid\": \"u\", \"pool\": \"p\", \"since\": 1}\n";
  const std::string second = std::string{good}.replace(good.find("192.0.2.1"), 9, "192.0.2.9");
  const auto with = [&](std::string from, const std::string& to) {
    std::string line = good;
    return kHeader + line.replace(line.find(from), from.size(), to) + kEnd;
  };
  const struct {
    std::string text;
    const char* problem;
  } cases[] = {
      {"", ":1: the file is empty"},
      {"[1]\n", ":1: is not a JSON object"},
      {"{\"a\": 1}\n", ":1: is not a ledger"},
      {"{\"format\": \"sluice-ledger\", \"version\": 2}\n", ":1: is of another version"},
      {std::string{kHeader} + good, ":2: the end line is missing"},
      {kHeader + good.substr(0, 30), ":2: is not a JSON object"},
      {kHeader + good + kEnd + good, ":4: something follows the end line"},
      {kHeader + good + good + kEnd, ":3: 192.0.2.1 is listed twice"},
      {kHeader + good + second + kEnd, ":3: edge/shop/web holds two IPv4 addresses"},
      {with("192.0.2.1", "192.0.2.256"), ":2: field 'vip' is wrong"},
      {with("held", "lost"), ":2: field 'state' is neither"},
      {with("\"since\": 1", "\"since\": \"1\""), ":2: field 'since' is not a whole number"},
      {with("\"since\": 1", "\"color\": \"red\""), ":2: field 'color' is unknown"},
      {std::string{kHeader} + "{\"known_cluster\": \"\"}\n" + kEnd, ":2: field 'known_cluster' is unknown"},
      {with("\"web\"", "7"), ":2: field 'name' is not text"},
      {with("\"name\": \"web\", ", ""), ":2: field 'name' is missing or empty"},
      {with("}", "} trailing"), ":2: is not a JSON object"},
  };
  for (const auto& wrong : cases) {
    write(wrong.text);
    const auto ledger = Ledger::open(path_);
    ASSERT_FALSE(ledger) << wrong.text;
    EXPECT_THAT(ledger.message(), StartsWith("ledger: " + path_ + wrong.problem));
    EXPECT_EQ(content(), wrong.text);
  }
}

TEST_F(LedgerFile, IgnoresATemporaryFileThatACrashLeftBehind) {
  ASSERT_TRUE(Ledger::open(path_)->hold(entry("web", ip("192.0.2.1"))));
  std::ofstream{path_ + ".new"} << std::string{kHeader}.substr(0, 9);
  auto ledger = Ledger::open(path_);
  ASSERT_TRUE(ledger);
  EXPECT_EQ(ledger->entries().size(), 1U);
  EXPECT_TRUE(ledger->hold(entry("api", ip("192.0.2.2"))));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(LedgerFile, StaysAsItWasWhenWritingFails) {
  auto ledger = Ledger::open(path_);
  ASSERT_TRUE(ledger->hold(entry("web", ip("192.0.2.1"))));
  const std::string before = content();

  std::signal(SIGXFSZ, SIG_IGN);
  rlimit usual{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &usual), 0);
  const rlimit tiny{100, usual.rlim_max};  // Writing stops in the middle of the second line, as on a full disk.
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tiny), 0);
  const auto failed = ledger->hold(entry("api", ip("192.0.2.2")));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &usual), 0);

  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.message(), HasSubstr("File too large"));
  EXPECT_EQ(content(), before);
  EXPECT_EQ(ledger->find_by_holder({named("api")}), nullptr);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
  EXPECT_TRUE(ledger->hold(entry("api", ip("192.0.2.2"))));
}

TEST_F(LedgerFile, IsNotWrittenWhenItCouldNotBeReadAgain) {
  auto ledger = Ledger::open(path_);
  EXPECT_FALSE(ledger->hold(entry("\xff", ip("192.0.2.1"))));
  EXPECT_FALSE(ledger->hold(entry("", ip("192.0.2.1"))));
  EXPECT_EQ(content(), std::string{kHeader} + kEnd);
}

// Holds and releases in turn, for ever, and tells through the pipe how many changes are done. Runs in a child process.
[[noreturn]] void churn(const std::string& path, int pipe) {
  auto ledger = Ledger::open(path);
  for (std::uint32_t done = 1; ledger; ++done) {
    const auto vip = net::Ipv4Address{net::Be32{0x0a000000 + done}};
    const bool releases = done % 4 == 0;
    const auto changed = releases ? ledger->release({named("s" + std::to_string(done - 1))}, done)
                                  : ledger->hold(entry("s" + std::to_string(done), vip));
    if (!changed || ::write(pipe, &done, sizeof(done)) != sizeof(done)) break;
  }
  ::_exit(1);
}

// What churn() has in its book after so many changes.
std::size_t held_after(std::uint32_t changes) { return changes - 2 * (changes / 4); }

TEST_F(LedgerFile, LosesNothingWhenItsProcessIsKilledAtAnyInstant) {
  for (std::uint32_t round = 0; round < 40; ++round) {
    std::filesystem::remove(path_);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) churn(path_, ends[1]);
    ::close(ends[1]);
    std::uint32_t told = 0;
    for (std::uint32_t i = 0; i < 3 + round % 7; ++i) ASSERT_EQ(::read(ends[0], &told, sizeof(told)), 4);
    for (volatile std::uint32_t spin = 0; spin < round * 5000;) spin = spin + 1;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    for (std::uint32_t later = 0; ::read(ends[0], &later, sizeof(later)) == 4;) told = later;
    ::close(ends[0]);

    const auto ledger = Ledger::open(path_);
    ASSERT_TRUE(ledger) << ledger.message();
    const std::size_t held = ledger->book().held().size();
    EXPECT_TRUE(held == held_after(told) || held == held_after(told + 1)) << told << " changes, " << held << " held";
  }
}

}  // namespace
}  // namespace sluice::control::ipam
