// sluiced: reads its configuration, composes the appliance and runs it until SIGTERM or SIGINT.

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <boost/program_options.hpp>
#include <csignal>
#include <iostream>
#include <memory>
#include <optional>

#include "base/log.h"
#include "conf/load.h"
#include "control/admin/server.h"
#include "control/answers.h"
#include "control/appliance.h"
#include "control/configuration.h"
#include "control/options.h"
#include "control/version.h"

namespace {

namespace po = boost::program_options;
using namespace sluice;

constexpr int kExitUsage = 2;
constexpr int kExitBadConfiguration = 3;

constexpr const char* kHelp = R"(sluiced - load balancer for Kubernetes Services of type LoadBalancer

usage: sluiced --config FILE            run in the foreground; SIGTERM and SIGINT end it
       sluiced --config FILE --check    only read the configuration; all its mistakes are shown at once

See sluiced(8) and sluice.yaml(5). Ask a running sluiced with sluice(1).

)";

struct Arguments {
  std::string config;
  bool check = false;
};

// Answers the exit code when the program is to end at once.
std::optional<int> read_arguments(int argc, char** argv, Arguments& arguments) {
  po::options_description options{"options"};
  options.add_options()("config,c", po::value(&arguments.config)->value_name("FILE"), "configuration (YAML)")(
      "check", po::bool_switch(&arguments.check), "only check the configuration")("version", "print the version")(
      "help,h", "print this help");
  po::variables_map given;
  try {
    po::store(po::parse_command_line(argc, argv, options), given);
    po::notify(given);
  } catch (const po::error& error) {
    std::cerr << "sluiced: " << error.what() << "; see sluiced --help\n";
    return kExitUsage;
  }
  if (given.contains("help")) {
    std::cout << kHelp << options;
    return 0;
  }
  if (given.contains("version")) {
    std::cout << "sluiced " << kVersion << "\n";
    return 0;
  }
  if (!arguments.config.empty()) return std::nullopt;
  std::cerr << "sluiced: --config FILE is needed; see sluiced --help\n";
  return kExitUsage;
}

// Blocked before any thread exists, so that every thread inherits it, and read by the reactor.
int open_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  // DPDK's TAP driver is woken by real-time signals. When too many are queued, the kernel sends SIGIO in their place,
  // which would end us.
  ::signal(SIGIO, SIG_IGN);
  return ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

int fail(const std::string& message) {
  spdlog::critical("{}", message);
  return 1;
}

int refuse(const std::vector<conf::Problem>& problems, const std::string& file) {
  for (const auto& problem : problems) std::cerr << conf::to_string(problem, file) << "\n";
  return kExitBadConfiguration;
}

int run(control::Options options) {
  control::Reactor reactor;
  const int signals = open_signals();
  reactor.watch(signals, EPOLLIN, [&](std::uint32_t) { reactor.stop(); });
  spdlog::info("sluiced {} starts", kVersion);
  const std::string admin_socket = options.admin_socket;
  // The socket is claimed first: a second daemon is refused before it touches ports. The server goes before what its
  // handler refers to.
  std::unique_ptr<control::Appliance> appliance;
  std::optional<control::Answers> answers;
  auto admin = control::admin::Server::start(reactor, admin_socket, [&](const auto& request, auto reply) {
    if (!answers) return reply(control::admin::failure("sluiced is still starting: ask again"));
    answers->answer(request, std::move(reply));
  });
  if (!admin) return fail(admin.message());
  auto started = control::Appliance::start(reactor, std::move(options));
  if (!started) return fail(started.message());
  appliance = std::move(*started);
  answers.emplace(reactor, *appliance);
  spdlog::info("ready: ask me by `sluice --socket {} show status`", admin_socket);
  reactor.run();
  spdlog::info("ending");
  reactor.forget(signals);
  ::close(signals);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (const auto code = read_arguments(argc, argv, arguments)) return *code;
  auto configuration = control::examine(conf::load_file(arguments.config));
  if (!configuration.ok()) return refuse(configuration.file.problems, arguments.config);
  if (arguments.check) {
    std::cout << arguments.config << ": ok\n";
    return 0;
  }
  auto options = control::make_options(std::move(configuration));
  base::start_log(options.log_level);
  try {
    return run(std::move(options));
  } catch (const std::exception& error) {
    return fail(error.what());  // Out of memory or of file descriptors at start: nothing can run without.
  }
}
