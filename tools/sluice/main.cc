// sluice: asks sluiced over its admin socket and shows the answer.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "control/admin/client.h"
#include "control/version.h"
#include "tools/sluice/command_line.h"
#include "tools/sluice/help.h"
#include "tools/sluice/look.h"
#include "tools/sluice/render.h"
#include "tools/sluice/text.h"

namespace {

using namespace sluice;

constexpr int kDone = 0, kNoAnswer = 1, kUsage = 2;
constexpr const char* kClearScreen = "\033[H\033[2J";

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void complain(const std::string& sentence) { std::fprintf(stderr, "sluice: %s\n", cli::printable(sentence).c_str()); }

int ask_once(const cli::CommandLine& line) {
  const auto response = control::admin::ask(line.socket, line.request);
  if (!response) {
    complain(response.message());
    return kNoAnswer;
  }
  print(cli::render(*response, line.style));
  return std::fflush(stdout) == 0 ? kDone : kNoAnswer;
}

// Until a signal ends it: a daemon that restarts meanwhile is asked again.
[[noreturn]] void ask_again_and_again(const cli::CommandLine& line) {
  const bool clears = ::isatty(STDOUT_FILENO) == 1 && line.style.output == cli::Output::kTable;
  for (;;) {
    if (clears) print(kClearScreen);
    ask_once(line);
    if (std::ferror(stdout) != 0) std::exit(kNoAnswer);
    if (!clears && line.style.output == cli::Output::kTable) print("\n");
    std::this_thread::sleep_for(*line.watch);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto line = cli::parse_command_line(arguments, std::getenv("SLUICE_SOCKET"));
  if (!line) {
    complain(line.message());
    std::fputs("Try `sluice --help`.\n", stderr);
    return kUsage;
  }
  switch (line->action) {
    case cli::CommandLine::Action::kHelp: print(cli::help(line->topic)); return kDone;
    case cli::CommandLine::Action::kVersion: print("sluice " + std::string{kVersion} + "\n"); return kDone;
    case cli::CommandLine::Action::kLook: return cli::look_at_packets(*line);
    case cli::CommandLine::Action::kAsk: break;
  }
  if (line->watch) ask_again_and_again(*line);
  return ask_once(*line);
}
