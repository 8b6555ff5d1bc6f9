#include "control/options.h"

#include <algorithm>
#include <random>

#include "conf/config.pb.h"
#include "conf/defaults.h"
#include "conf/duration.h"

namespace sluice::control {
namespace {

namespace dpdk = dataplane::dpdk;

// The loader has validated the text: a duration or an address that cannot be read here is a mistake of ours.
std::chrono::nanoseconds duration(const std::string& text) { return conf::parse_duration(text).value(); }
nat::Tick ticks(const std::string& text) { return nat::timeout_ticks(duration(text)); }

nat::Timeouts timeouts(const conf::Timeouts& from) {
  nat::Timeouts timeouts;
  timeouts.syn = ticks(from.tcp_syn());
  timeouts.established = ticks(from.tcp_established());
  timeouts.half_closed = ticks(from.tcp_half_closed());
  timeouts.closing = timeouts.reset = ticks(from.tcp_closing());
  timeouts.sctp_init = ticks(from.sctp_init());
  timeouts.sctp_established = ticks(from.sctp_established());
  timeouts.sctp_shutdown = ticks(from.sctp_shutdown());
  timeouts.sctp_closed = ticks(from.sctp_closed());
  timeouts.udp_unreplied = ticks(from.udp_unreplied());
  timeouts.udp = ticks(from.udp_replied());
  timeouts.dns_unreplied = ticks(from.dns_unreplied());
  timeouts.dns = ticks(from.dns_replied());
  return timeouts;
}

Patience patience(const conf::Timeouts& from) {
  return {.lost_node = *conf::parse_duration(from.lost_node()), .drain = *conf::parse_duration(from.drain())};
}

std::chrono::nanoseconds longest(const nat::Timeouts& timeouts) {
  return nat::to_duration(
      std::max({timeouts.syn, timeouts.established, timeouts.half_closed, timeouts.closing, timeouts.sctp_init,
                timeouts.sctp_established, timeouts.sctp_shutdown, timeouts.sctp_closed, timeouts.udp_unreplied,
                timeouts.udp, timeouts.dns_unreplied, timeouts.dns}));
}

health::Settings probes(const conf::Health& from) {
  const auto milliseconds = [](const std::string& text) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration(text));
  };
  return {.enabled = from.enabled(),
          .interval = milliseconds(from.interval()),
          .timeout = milliseconds(from.timeout()),
          .rules = {.rise = from.rise(), .fall = from.fall()}};
}

// As DPDK names devices: in lower case, with the domain that people leave out ("03:00.0").
std::string full_pci_address(std::string address) {
  std::ranges::transform(address, address.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::count(address, ':') == 1 ? "0000:" + address : address;
}

// "pci:0000:03:00.0", "interface:eth1" or "vdev:net_memif0,role=client".
void add_device(const conf::Port& port, unsigned index, unsigned workers, dpdk::ForwarderOptions& forwarder,
                dpdk::PortOptions& options) {
  const std::string& device = port.device();
  const auto colon = device.find(':');
  const std::string kind = device.substr(0, colon), rest = device.substr(colon + 1);
  if (kind == "pci") {
    options.device = full_pci_address(rest);
    forwarder.eal.pci_devices.push_back(options.device);
    return;
  }
  std::string vdev = rest;
  if (kind == "interface") options.interface = rest;
  if (kind == "interface" && port.driver() == conf::DRIVER_AF_XDP) {
    vdev = "net_af_xdp" + std::to_string(index) + ",iface=" + rest;
  } else if (kind == "interface") {
    vdev = "net_af_packet" + std::to_string(index) + ",iface=" + rest + ",qpairs=" + std::to_string(workers) +
           ",framesz=" + std::to_string(dpdk::buffer_room(static_cast<std::uint16_t>(port.mtu()))) +
           ",blocksz=65536,framecnt=512";
  }
  options.device = vdev.substr(0, vdev.find(','));
  forwarder.eal.vdevs.push_back(std::move(vdev));
}

// Of a VLAN, the device is that of its port.
void put_on_wire(const conf::Config& config, int index, std::vector<dpdk::PortOptions>& ports) {
  const auto* parent = conf::parent_of(config.ports(index), config);
  if (parent == nullptr) return;
  const auto at = std::ranges::find(ports, parent->name(), &dpdk::PortOptions::name);
  auto& port = ports[static_cast<std::size_t>(index)];
  port.device = at->device;
  port.interface = at->interface;
  port.vlan = {.port = static_cast<unsigned>(at - ports.begin()),
               .id = static_cast<std::uint16_t>(config.ports(index).vlan().id())};
}

dpdk::HugepageUse hugepages(conf::Hugepages use) {
  switch (use) {
    case conf::HUGEPAGES_ON: return dpdk::HugepageUse::kOn;
    case conf::HUGEPAGES_OFF: return dpdk::HugepageUse::kOff;
    default: return dpdk::HugepageUse::kAuto;
  }
}

dpdk::ForwarderOptions forwarder_options(const conf::Config& config) {
  dpdk::ForwarderOptions options;
  const auto& workers = config.workers();
  options.eal.file_prefix = config.dpdk().file_prefix();
  options.eal.hugepages = hugepages(config.dpdk().hugepages());
  options.eal.memory_mb = config.dpdk().memory_mb();
  options.eal.worker_cpus.assign(workers.cpus().begin(), workers.cpus().end());
  options.eal.floating_workers = workers.count();
  options.eal.extra_args.assign(config.dpdk().extra_args().begin(), config.dpdk().extra_args().end());
  const unsigned count = workers.cpus().empty() ? workers.count() : static_cast<unsigned>(workers.cpus().size());
  for (int i = 0; i < config.ports_size(); ++i) {
    const auto& port = config.ports(i);
    dpdk::PortOptions made{.name = port.name(),
                           .device = {},
                           .interface = {},
                           .vlan = {},
                           .tap = port.tap(),
                           .mtu = static_cast<std::uint16_t>(port.mtu())};
    if (!port.has_vlan()) add_device(port, static_cast<unsigned>(i), count, options, made);
    options.ports.push_back(std::move(made));
  }
  for (int i = 0; i < config.ports_size(); ++i) put_on_wire(config, i, options.ports);
  options.pipeline.flows_max = workers.flows_max();
  options.pipeline.refusals_a_second = workers.refusals();
  if (config.dpdk().hugepages() == conf::HUGEPAGES_OFF) options.pipeline.explicit_pages = nat::ExplicitPages::kAvoid;
  std::random_device random;
  options.pipeline.seed = std::uint64_t{random()} << 32 | random();
  options.idle_sleep_max = duration(workers.idle_sleep());
  for (const auto& address : config.snat().addresses()) {
    const auto parsed = net::IpAddress::parse(address).value();
    if (parsed.is_v4()) {
      options.pipeline.snat_addresses.push_back(parsed.v4());
    } else {
      options.pipeline.snat6_addresses.push_back(parsed.v6());
    }
  }
  const std::string& ports = config.snat().ports();
  const auto dash = ports.find('-');
  options.pipeline.snat_ports = {.first = static_cast<std::uint16_t>(std::stoul(ports.substr(0, dash))),
                                 .last = static_cast<std::uint16_t>(std::stoul(ports.substr(dash + 1)))};
  return options;
}

PortOptions port_options(const conf::Port& port) {
  PortOptions options{.name = port.name(),
                      .tap = port.tap(),
                      .mtu = static_cast<std::uint16_t>(port.mtu()),
                      .announces_vips = port.announce_vips()};
  for (const auto& text : port.addresses()) {
    const auto prefix = net::IpPrefix::parse(text).value();
    options.addresses.push_back({.address = prefix.address(), .prefix_length = prefix.length()});
  }
  for (const auto& route : port.routes()) {
    netlink::StaticRoute made{.prefix = net::IpPrefix::parse(route.to()).value()};
    if (!route.via().empty()) made.gateway = net::IpAddress::parse(route.via()).value();
    options.routes.push_back(made);
  }
  return options;
}

std::string log_level(conf::LogLevel level) {
  switch (level) {
    case conf::LOG_LEVEL_DEBUG: return "debug";
    case conf::LOG_LEVEL_WARNING: return "warning";
    case conf::LOG_LEVEL_ERROR: return "error";
    default: return "info";
  }
}

}  // namespace

Options make_options(Configuration configuration) {
  const conf::Config& config = configuration.file.config;
  Options options{.log_level = log_level(config.log_level()),
                  .state_dir = config.state_dir(),
                  .admin_socket = config.admin_socket(),
                  .forwarder = forwarder_options(config),
                  .pools = std::move(configuration.pools),
                  .clusters = std::move(configuration.clusters),
                  .probes = probes(config.health()),
                  .timeouts = timeouts(config.timeouts()),
                  .patience = patience(config.timeouts())};
  options.longest_idle = longest(options.timeouts);
  for (const auto& port : config.ports()) options.ports.push_back(port_options(port));
  return options;
}

}  // namespace sluice::control
