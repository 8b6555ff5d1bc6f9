#include <array>
#include <chrono>
#include <set>

#include "conf/checks.h"
#include "conf/config.pb.h"
#include "conf/duration.h"

namespace sluice::conf {
namespace {

constexpr unsigned kWorkersMax = 16;
constexpr unsigned kCpuMax = 1023;                 // as in the kernel's cpu_set_t
constexpr std::size_t kSocketPathLengthMax = 107;  // sun_path without its final zero

void check_file_prefix(const std::string& prefix, Findings& findings) {
  if (prefix.empty() || prefix.find('/') != std::string::npos) {
    findings.add("dpdk.file_prefix", "expected a part of a file name, got '" + prefix + "'");
  }
}

void check_path(const std::string& file, Findings& findings, const std::string& path) {
  if (file.empty() || file.front() != '/') findings.add(path, "expected a path from the root, got '" + file + "'");
}

void check_workers(const Workers& workers, Findings& findings) {
  std::set<unsigned> cpus;
  for (const unsigned cpu : workers.cpus()) {
    expect_within({0, kCpuMax}, cpu, findings, "workers.cpus");
    if (!cpus.insert(cpu).second) findings.add("workers.cpus", "CPU " + std::to_string(cpu) + " is listed twice");
  }
  const auto cpu_count = static_cast<unsigned>(workers.cpus_size());
  if (cpu_count > kWorkersMax) {
    findings.add("workers.cpus", "expected up to 16 CPUs, got " + std::to_string(cpu_count));
  } else if (cpu_count > 0 && workers.count() != cpu_count) {
    findings.add("workers.count",
                 "there is one worker on each of `cpus`: leave `count` out or make it " + std::to_string(cpu_count));
  } else {
    expect_within({1, kWorkersMax}, workers.count(), findings, "workers.count");
  }
  expect_within({1024, 100'000'000}, workers.flows_max(), findings, "workers.flows_max");
  expect_within({0, 1'000'000}, workers.refusals(), findings, "workers.refusals");
  const auto idle_sleep = parse_duration(workers.idle_sleep());
  expect(idle_sleep, findings, "workers.idle_sleep");
  if (idle_sleep && *idle_sleep > std::chrono::milliseconds{10}) {
    findings.add("workers.idle_sleep",
                 "expected at most 10ms: packets wait that long, got '" + workers.idle_sleep() + "'");
  }
}

}  // namespace

void check_process(const Config& config, Findings& findings) {
  if (config.engine() == ENGINE_XDP) {
    findings.add("engine", "the XDP engine is not part of this version; use auto or dpdk");
  }
  check_path(config.state_dir(), findings, "state_dir");
  check_path(config.admin_socket(), findings, "admin_socket");
  if (config.admin_socket().size() > kSocketPathLengthMax) {
    findings.add("admin_socket", "the path of a socket has at most 107 characters, this one has " +
                                     std::to_string(config.admin_socket().size()));
  }
  expect_within({16, 1'048'576}, config.dpdk().memory_mb(), findings, "dpdk.memory_mb");
  check_file_prefix(config.dpdk().file_prefix(), findings);
  check_workers(config.workers(), findings);
}

void check_health(const Config& config, Findings& findings) {
  const Health& health = config.health();
  const std::array<std::pair<const char*, const std::string*>, 2> durations{
      {{"health.interval", &health.interval()}, {"health.timeout", &health.timeout()}}};
  for (const auto& [path, text] : durations) {
    const auto parsed = parse_duration(*text);
    expect(parsed, findings, path);
    if (parsed && (*parsed < std::chrono::milliseconds{100} || *parsed > std::chrono::seconds{60})) {
      findings.add(path, "expected 100ms to 60s, got '" + *text + "'");
    }
  }
  expect_within({1, 10}, health.rise(), findings, "health.rise");
  expect_within({1, 10}, health.fall(), findings, "health.fall");
}

void check_timeouts(const Config& config, Findings& findings) {
  const Timeouts& timeouts = config.timeouts();
  struct Row {
    const char* path;
    const std::string& text;
    bool may_be_never = false;  // Said by 0.
    std::chrono::seconds least{1};
  };
  // A dead wire has silenced all of its nodes after 19 s: only who is silent for longer, beside others, is lost.
  constexpr std::chrono::seconds kLostNodeMin{20};
  const Row rows[] = {{"timeouts.tcp_syn", timeouts.tcp_syn()},
                      {"timeouts.tcp_established", timeouts.tcp_established()},
                      {"timeouts.tcp_half_closed", timeouts.tcp_half_closed()},
                      {"timeouts.tcp_closing", timeouts.tcp_closing()},
                      {"timeouts.sctp_init", timeouts.sctp_init()},
                      {"timeouts.sctp_established", timeouts.sctp_established()},
                      {"timeouts.sctp_shutdown", timeouts.sctp_shutdown()},
                      {"timeouts.sctp_closed", timeouts.sctp_closed()},
                      {"timeouts.udp_unreplied", timeouts.udp_unreplied()},
                      {"timeouts.udp_replied", timeouts.udp_replied()},
                      {"timeouts.dns_unreplied", timeouts.dns_unreplied()},
                      {"timeouts.dns_replied", timeouts.dns_replied()},
                      {"timeouts.drain", timeouts.drain(), true},
                      {"timeouts.lost_node", timeouts.lost_node(), true, kLostNodeMin}};
  for (const Row& row : rows) {
    const auto timeout = parse_duration(row.text);
    expect(timeout, findings, row.path);
    if (!timeout || (row.may_be_never && timeout->count() == 0)) continue;
    if (*timeout < row.least || *timeout > std::chrono::hours{30 * 24}) {
      findings.add(row.path, std::string{"expected "} + (row.may_be_never ? "0, or " : "") +
                                 std::to_string(row.least.count()) + "s to 30d, got '" + row.text + "'");
    }
  }
}

}  // namespace sluice::conf
