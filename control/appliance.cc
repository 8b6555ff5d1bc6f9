#include "control/appliance.h"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <utility>

#include "base/log.h"
#include "control/backends.h"
#include "control/misled_ports.h"

namespace sluice::control {
namespace {

using base::fail;
using base::Result;

constexpr std::chrono::milliseconds kCoalesce{1};  // Changes within this time share a turn.
constexpr std::chrono::seconds kRetryLedger{5};
constexpr std::chrono::seconds kSettle{1};  // After the start, those clusters that can be read shall be first.
constexpr std::chrono::seconds kLookAround{1};

std::string host_name() {
  char name[256] = "sluice";
  ::gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

Appliance::Appliance(Reactor& reactor, Options options)
    : reactor_{reactor},
      options_{std::move(options)},
      upkeep_{reactor, options_.ports, [this] { return look_at_kernel(); }},
      http_{reactor},
      builder_{options_.longest_idle + std::chrono::minutes{1}, options_.patience} {}

Result<std::unique_ptr<Appliance>> Appliance::start(Reactor& reactor, Options options) {
  std::unique_ptr<Appliance> appliance{new Appliance{reactor, std::move(options)}};
  Appliance& self = *appliance;
  std::error_code error;
  std::filesystem::create_directories(self.options_.state_dir, error);
  if (error) return fail("state_dir " + self.options_.state_dir + ": " + error.message());
  auto ledger = ipam::Ledger::open(self.options_.state_dir + "/ledger");
  if (!ledger) return fail(ledger.message());
  self.ledger_ = std::make_unique<ipam::Ledger>(std::move(*ledger));
  self.plan_.book = self.ledger_->book();

  auto forwarder = dataplane::dpdk::start(self.options_.forwarder);
  if (!forwarder) return fail(forwarder.message());
  self.forwarder_ = std::move(*forwarder);
  for (const auto& line : self.forwarder_->memory_report()) spdlog::info("memory: {}", line);
  if (auto kernel = self.set_up_kernel(); !kernel) return fail(kernel.message());

  for (const auto& cluster : self.options_.clusters) {
    self.clusters_.push_back(
        std::make_unique<ClusterLink>(reactor, self.http_, cluster, host_name(), [&self] { self.changed(); }));
  }
  if (self.options_.probes.enabled) {
    self.prober_ = std::make_unique<health::Prober>(reactor, self.options_.probes, [&self] { self.changed(); });
  }
  reactor.after(kSettle, [&self] {
    self.is_settled_ = true;
    self.changed();
  });
  self.look_around();
  self.changed();
  return appliance;
}

Result<> Appliance::set_up_kernel() {
  if (auto done = upkeep_.set_up(); !done) return fail(done.message());
  auto kernel = netlink::KernelState::start(reactor_);
  if (!kernel) return fail(kernel.message());
  kernel_ = std::move(*kernel);
  kernel_->on_change([this] {
    network_changed_ = true;
    upkeep_.changed();
    changed();
  });
  auto resolver = netlink::Resolver::start(reactor_, *kernel_);
  if (!resolver) return fail(resolver.message());
  resolver_ = std::move(*resolver);
  auto send = announce::open_packet_sender();
  if (!send) return fail(send.message());
  announcer_ = std::make_unique<announce::L2Announcer>(reactor_, std::move(*send));
  return {};
}

KernelView Appliance::look_at_kernel() const {
  return {.links = kernel_->links(), .addresses = kernel_->addresses(), .routes = kernel_->routes()};
}

void Appliance::changed() {
  if (turn_is_due_) return;
  turn_is_due_ = true;
  reactor_.after(kCoalesce, [this] {
    turn_is_due_ = false;
    turn();
  });
}

bool Appliance::ready() const {
  if (!kernel_->ready()) return false;
  return is_settled_ || std::ranges::all_of(clusters_, [](const auto& cluster) { return cluster->synced(); });
}

// The life of a change: plan, ledger, packets, announcements, API.
void Appliance::turn() {
  if (!ready()) return;
  const Plan before = std::move(plan_);
  plan_anew();
  publish(before);
  announce();
  for (const auto& cluster : clusters_) cluster->tell(before, plan_);
  tell_warnings();
}

std::string Appliance::trouble_of(std::size_t port) const {
  const auto& options = options_.ports[port];
  if (!kernel_->link(options.tap)) {
    return "port " + options.name + ": its TAP " + options.tap +
           " is gone, and with it all that the kernel has to say "
           "there: restart sluiced";
  }
  return has_carrier(port) ? "" : "port " + options.name + ": its link is down";
}

std::vector<std::string> Appliance::warnings() const {
  std::vector<std::string> warnings = plan_.warnings;
  warnings.insert(warnings.end(), shortages_.begin(), shortages_.end());
  warnings.insert(warnings.end(), misled_.begin(), misled_.end());
  for (const auto& node : builder_.lost_nodes(std::chrono::steady_clock::now())) {
    warnings.push_back("cluster " + node.cluster + ": the node at " + node.address.to_string() +
                       " does not say where it is (ARP, neighbour discovery): it is lost, its connections are reset");
  }
  for (std::size_t port = 0; port < options_.ports.size(); ++port) {
    if (auto trouble = trouble_of(port); !trouble.empty()) warnings.push_back(std::move(trouble));
  }
  return warnings;
}

void Appliance::tell_warnings() {
  const auto now = warnings();
  const auto has = [](const std::vector<std::string>& all, const std::string& one) {
    return std::ranges::find(all, one) != all.end();
  };
  for (const auto& warning : now) {
    if (!has(told_warnings_, warning)) spdlog::warn("{}", warning);
  }
  for (const auto& warning : told_warnings_) {
    if (!has(now, warning)) spdlog::info("no longer so: {}", warning);
  }
  told_warnings_ = now;
}

void Appliance::plan_anew() {
  std::vector<ClusterInput> inputs;
  for (const auto& cluster : clusters_) {
    inputs.push_back(cluster->input());
    if (prober_) inputs.back().probes = &prober_->view();
  }
  plan_ = reconcile({.clusters = inputs, .pools = options_.pools, .book = ledger_->book(), .now = std::time(nullptr)});
  const auto stored = ledger_->store(plan_.book);
  if (!stored) {
    keep_to(ledger_->book(), stored.message(), plan_);
    if (ledger_failure_ != stored.message()) spdlog::error("no address is given or released: {}", stored.message());
    if (ledger_retry_ == 0) {
      ledger_retry_ = reactor_.after(kRetryLedger, [this] {
        ledger_retry_ = 0;
        changed();
      });
    }
  }
  ledger_failure_ = stored ? "" : stored.message();
  if (prober_) prober_->want(probes_for(plan_));
}

void Appliance::publish(const Plan& before) {
  if (!network_changed_ && before.services == plan_.services) return;  // Heartbeats of Nodes, our own status writes.
  network_changed_ = false;
  std::vector<net::IpAddress> kernel_addresses;
  for (const auto& address : kernel_->addresses()) kernel_addresses.push_back(address.address);
  const auto& pipeline = options_.forwarder.pipeline;
  std::vector<net::IpAddress> snat_addresses{pipeline.snat_addresses.begin(), pipeline.snat_addresses.end()};
  snat_addresses.insert(snat_addresses.end(), pipeline.snat6_addresses.begin(), pipeline.snat6_addresses.end());
  auto built = builder_.build({.plan = plan_,
                               .routes = kernel_->routes(),
                               .neighbours = kernel_->neighbours(),
                               .links = port_links(),
                               .ports = dataplane_ports(),
                               .snat_addresses = snat_addresses,
                               .kernel_addresses = kernel_addresses,
                               .timeouts = options_.timeouts,
                               .now = std::chrono::steady_clock::now()});
  resolver_->want(built.wanted_neighbours);
  forwarder_->publish(std::move(built.snapshot));
  if (deadline_ != 0) reactor_.cancel(std::exchange(deadline_, 0));
  if (!built.next_deadline) return;
  deadline_ = reactor_.after(*built.next_deadline - std::chrono::steady_clock::now(), [this] {
    deadline_ = 0;
    network_changed_ = true;
    changed();
  });
}

void Appliance::announce() {
  announce::Held held{.segments = segments()};
  for (const auto& service : plan_.services) {
    if (service.stage != PlannedService::Stage::kServed) continue;
    for (const auto& vip : service.vips) held.vips.push_back(vip.address);
  }
  const auto change = announce::compare(announced_, held);
  for (const auto& vip : change.left) announcer_->withdraw(vip);
  for (const auto& [vip, interfaces] : change.due) announcer_->announce(vip, interfaces);
  announced_ = std::move(held);
}

void Appliance::look_around() {
  wires_.clear();
  const auto ports = forwarder_->port_status();
  for (const auto& status : ports) wires_.push_back(status.link_up);
  if (segments() != announced_.segments) announce();
  std::vector<std::uint64_t> flows;
  for (unsigned worker = 0; worker < forwarder_->workers(); ++worker) {
    flows.push_back(forwarder_->counters(worker).flows_fuller.get());
  }
  shortages_ = shortage_watch_.look(resources_of(flows, forwarder_->flows_max(), forwarder_->snat_usage()));
  const auto& snapshot = forwarder_->snapshot();
  const bool keeps_clients = snapshot.v4.keeps_clients || snapshot.v6.keeps_clients;
  misled_ = misled_ports(ports, keeps_clients ? NodesAnswer::kClients : NodesAnswer::kUs);
  if (ready()) tell_warnings();
  reactor_.after(kLookAround, [this] { look_around(); });
}

bool Appliance::is_running(const std::string& link_name) const {
  const auto link = kernel_->link(link_name);
  return link && link->running;
}

// Of a kernel's interface, the kernel knows; its driver in DPDK says "up" whatever happens.
bool Appliance::has_carrier(std::size_t port) const {
  const auto& interface = options_.forwarder.ports[port].interface;
  return interface.empty() ? wires_[port] : is_running(interface);
}

std::vector<announce::Segment> Appliance::segments() const {
  std::vector<announce::Segment> segments;
  for (const auto& link : port_links()) {
    const auto& port = options_.ports[link.port];
    if (!port.announces_vips) continue;
    segments.push_back({.interface = {.index = link.link, .name = port.tap, .mac = link.mac},
                        .is_up = has_carrier(link.port) && is_running(port.tap)});
  }
  return segments;
}

std::vector<PortLink> Appliance::port_links() const {
  std::vector<PortLink> links;
  for (std::size_t i = 0; i < options_.ports.size(); ++i) {
    const auto link = kernel_->link(options_.ports[i].tap);
    if (link) links.push_back({static_cast<std::uint16_t>(i), link->index, link->mac});
  }
  return links;
}

std::vector<dataplane::Port> Appliance::dataplane_ports() const {
  std::vector<dataplane::Port> ports;
  const auto macs = forwarder_->port_macs();
  for (std::size_t i = 0; i < macs.size(); ++i) {
    const PortOptions& port = options_.ports[i];
    ports.push_back({.mac = macs[i], .announces_vips = port.announces_vips, .mtu = port.mtu});
  }
  return ports;
}

}  // namespace sluice::control
