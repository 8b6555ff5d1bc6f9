#include "dataplane/dpdk/requirements.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "dataplane/dpdk/interface.h"

namespace sluice::dataplane::dpdk {
namespace {

constexpr const char* kTun = "/dev/net/tun";

std::set<unsigned> cpus_of_process() {
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof set, &set);
  std::set<unsigned> cpus;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.insert(cpu);
  }
  return cpus;
}

void look_at_capabilities(Host& host) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3]{};
  if (::syscall(SYS_capget, &header, sets) != 0) return;
  const auto has = [&](unsigned capability) {
    return (sets[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability)) != 0;
  };
  host.has_net_admin = has(CAP_NET_ADMIN);
  host.has_net_raw = has(CAP_NET_RAW);
}

std::string tun_problem() {
  const int tun = ::open(kTun, O_RDWR | O_CLOEXEC);
  if (tun < 0) return std::strerror(errno);
  ::close(tun);
  return "";
}

std::vector<std::string> missing_for(const PortOptions& port, const Host& host) {
  std::vector<std::string> problems;
  const auto add = [&](const std::string& problem) { problems.push_back("port " + port.name + ": " + problem); };
  if (!port.interface.empty() && !port.vlan) {
    const std::string subject = "interface " + port.interface;
    const auto found = host.interfaces.find(port.interface);
    if (found == host.interfaces.end()) {
      add(subject + " is not there");
    } else if (found->second != 0 && port.mtu > found->second) {
      add("mtu " + std::to_string(port.mtu) + ": " + subject + " takes " + std::to_string(found->second) + " at most");
    }
    if (!host.has_net_raw) add(subject + " needs CAP_NET_RAW, which this process does not have");
  }
  if (!port.tap.empty()) {
    const std::string subject = "TAP " + port.tap;
    if (!host.tun_problem.empty()) add(subject + " needs " + kTun + ": " + host.tun_problem);
    if (!host.has_net_admin) add(subject + " needs CAP_NET_ADMIN, which this process does not have");
  }
  return problems;
}

}  // namespace

Host look_at_host() {
  Host host{.cpus = cpus_of_process(),
            .cpu_count = static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_CONF)),
            .interfaces = look_at_interfaces(),
            .tun_problem = tun_problem()};
  look_at_capabilities(host);
  return host;
}

std::vector<std::string> missing(const ForwarderOptions& options, const Host& host) {
  std::vector<std::string> problems;
  for (const unsigned cpu : options.eal.worker_cpus) {
    if (host.cpus.contains(cpu)) continue;
    const std::string why = cpu < host.cpu_count ? " is not allowed" : " is not there";
    problems.push_back("workers.cpus: CPU " + std::to_string(cpu) + why + "; this process may use " +
                       cpu_list(host.cpus));
  }
  for (const auto& port : options.ports) {
    for (auto& problem : missing_for(port, host)) problems.push_back(std::move(problem));
  }
  const std::size_t devices = device_count(options.ports);
  if (devices > host.devices_max) {
    problems.push_back("ports: " + std::to_string(devices) + " wires and TAPs, but this DPDK takes " +
                       std::to_string(host.devices_max) + " at most");
  }
  return problems;
}

std::string cpu_list(const std::set<unsigned>& cpus) {
  std::string list;
  for (auto first = cpus.begin(); first != cpus.end();) {
    auto last = first;
    auto next = std::next(first);
    while (next != cpus.end() && *next == *last + 1) last = next++;
    list += (list.empty() ? "" : ",") + std::to_string(*first);
    if (last != first) list += "-" + std::to_string(*last);
    first = next;
  }
  return list;
}

}  // namespace sluice::dataplane::dpdk
