#include "dataplane/dpdk/eal.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/log.h"
#include "dataplane/dpdk/requirements.h"

namespace sluice::dataplane::dpdk {
namespace {

// Free hugepages of all sizes, in megabytes.
std::uint64_t free_hugepages_mb() {
  namespace fs = std::filesystem;
  std::uint64_t total = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{"/sys/kernel/mm/hugepages", ignored}) {
    const std::string name = entry.path().filename();  // "hugepages-2048kB"
    std::uint64_t pages = 0;
    std::ifstream{entry.path() / "free_hugepages"} >> pages;
    total += pages * std::stoull(name.substr(name.find('-') + 1)) / 1024;
  }
  return total;
}

// lcore 0 is the control thread and may run anywhere; lcore n + 1 is worker n.
std::string lcore_map(const EalOptions& options) {
  const std::string anywhere = "(" + cpu_list(look_at_host().cpus) + ")";
  std::string map = "0@" + anywhere;
  unsigned lcore = 1;
  for (const unsigned cpu : options.worker_cpus) map += "," + std::to_string(lcore++) + "@" + std::to_string(cpu);
  for (unsigned i = 0; i < options.floating_workers && options.worker_cpus.empty(); ++i) {
    map += "," + std::to_string(lcore++) + "@" + anywhere;
  }
  return map;
}

std::vector<std::string> arguments(const EalOptions& options, bool hugepages) {
  std::vector<std::string> arguments{"sluiced", "--file-prefix=" + options.file_prefix, "--main-lcore=0",
                                     "--lcores=" + lcore_map(options), "--no-telemetry"};
  if (hugepages) {
    arguments.insert(arguments.end(), {"--in-memory", "-m", std::to_string(options.memory_mb)});
  } else {
    arguments.insert(arguments.end(), {"--no-huge", "-m", std::to_string(options.memory_mb)});
  }
  if (options.pci_devices.empty()) arguments.emplace_back("--no-pci");
  for (const auto& address : options.pci_devices) arguments.push_back("--allow=" + address);
  for (const auto& vdev : options.vdevs) arguments.push_back("--vdev=" + vdev);
  arguments.insert(arguments.end(), options.extra_args.begin(), options.extra_args.end());
  return arguments;
}

// DPDK writes its log to a stream: this one cuts it into lines for ours.
ssize_t write_log(void*, const char* text, std::size_t length) {
  std::string line{text, length};
  while (!line.empty() && line.back() == '\n') line.pop_back();
  if (!line.empty()) spdlog::debug("dpdk: {}", line);
  return static_cast<ssize_t>(length);
}

void bridge_log() {
  static FILE* stream = [] {
    FILE* opened = ::fopencookie(
        nullptr, "w", cookie_io_functions_t{.read = nullptr, .write = write_log, .seek = nullptr, .close = nullptr});
    if (opened != nullptr) ::setvbuf(opened, nullptr, _IOLBF, 512);
    return opened;
  }();
  if (stream != nullptr) ::rte_openlog_stream(stream);
}

}  // namespace

base::Result<std::unique_ptr<Eal>> Eal::start(const EalOptions& options) {
  const std::uint64_t free_mb = free_hugepages_mb();
  const bool enough = free_mb >= options.memory_mb;
  if (options.hugepages == HugepageUse::kOn && !enough) {
    return base::fail("dpdk.hugepages is 'on', but only " + std::to_string(free_mb) + " MB of hugepages are free and " +
                      std::to_string(options.memory_mb) +
                      " MB are needed: write a page count to /proc/sys/vm/nr_hugepages, or use 'auto'");
  }
  const bool hugepages = options.hugepages != HugepageUse::kOff && enough;
  auto strings = arguments(options, hugepages);
  std::string command_line;
  std::vector<char*> argv;
  for (auto& text : strings) {
    command_line += (command_line.empty() ? "" : " ") + text;
    argv.push_back(text.data());
  }
  bridge_log();
  spdlog::debug("starting EAL: {}", command_line);
  if (::rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0) {
    return base::fail(
        "DPDK did not start: " + (rte_errno != 0 ? std::string{::rte_strerror(rte_errno)} : "EAL gave no reason") +
        " (EAL arguments: " + command_line + "; log_level: debug shows its own log)");
  }
  return std::unique_ptr<Eal>{new Eal{hugepages, std::move(command_line)}};
}

Eal::~Eal() {
  ::rte_eal_cleanup();
  ::rte_openlog_stream(nullptr);
}

}  // namespace sluice::dataplane::dpdk
