#include "control/port_upkeep.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"

namespace sluice::control {
namespace {

using base::fail;
using base::Result;

constexpr std::chrono::seconds kFirstPause{1};
constexpr unsigned kPauseDoublings = 4;  // Up to 16 s.

bool has_address(const KernelView& kernel, int link, const netlink::InterfaceAddress& wanted) {
  return std::ranges::find(kernel.addresses, netlink::Address{link, wanted.address, wanted.prefix_length}) !=
         kernel.addresses.end();
}

// Prefixes are compared without the bits behind them, which the kernel does not keep.
bool is_same(const net::IpPrefix& a, const net::IpPrefix& b) {
  return a.length() == b.length() && a.contains(b.address());
}

bool has_route(const KernelView& kernel, int link, const netlink::StaticRoute& wanted) {
  return std::ranges::any_of(kernel.routes, [&](const netlink::Route& route) {
    if (!is_same(route.prefix, wanted.prefix)) return false;
    return std::ranges::any_of(route.next_hops, [&](const netlink::NextHop& hop) {
      return hop.link == link && hop.gateway == wanted.gateway;
    });
  });
}

}  // namespace

std::vector<PortLack> find_lacks(const std::vector<PortOptions>& ports, const KernelView& kernel) {
  std::vector<PortLack> lacks;
  for (const auto& port : ports) {
    const auto link = std::ranges::find(kernel.links, port.tap, &netlink::Link::name);
    if (link == kernel.links.end() || !link->up) continue;
    PortLack lack{.tap = port.tap};
    std::ranges::copy_if(port.addresses, std::back_inserter(lack.addresses),
                         [&](const auto& address) { return !has_address(kernel, link->index, address); });
    std::ranges::copy_if(port.routes, std::back_inserter(lack.routes),
                         [&](const auto& route) { return !has_route(kernel, link->index, route); });
    if (!lack.addresses.empty() || !lack.routes.empty()) lacks.push_back(std::move(lack));
  }
  return lacks;
}

Result<> PortUpkeep::set_up() {
  auto configurator = netlink::Configurator::open();
  if (!configurator) return fail(configurator.message());
  const auto named = [](const PortOptions& port, const std::string& message) {
    return fail("ports: " + port.name + ": " + message);
  };
  for (const auto& port : ports_) {
    if (auto done = configurator->set_mtu(port.tap, dataplane::dpdk::tap_mtu(port.mtu)); !done)
      return named(port, done.message());
    if (auto done = configurator->set_up(port.tap); !done) return named(port, done.message());
    if (auto done = configurator->hasten_neighbour_checks(port.tap); !done) spdlog::warn("{}", done.message());
    for (const auto& address : port.addresses) {
      if (auto done = configurator->add_address(port.tap, address); !done) return named(port, done.message());
    }
  }
  for (const auto& port : ports_) {  // Routes last: a gateway may be behind another port.
    for (const auto& route : port.routes) {
      if (auto done = configurator->replace_route(port.tap, route); !done) return named(port, done.message());
    }
  }
  return {};
}

void PortUpkeep::changed() {
  if (timer_ == 0) mend();
}

// Looks again after each repair: whether it held, and what was refused then may be taken now.
void PortUpkeep::mend() {
  timer_ = 0;
  const auto lacks = find_lacks(ports_, look_());
  if (lacks.empty()) {
    tries_ = 0;
    told_.clear();
    return;
  }
  repair(lacks);
  timer_ = reactor_.after(kFirstPause * (1U << std::min(tries_, kPauseDoublings)), [this] { mend(); });
  ++tries_;
}

void PortUpkeep::repair(const std::vector<PortLack>& lacks) {
  auto configurator = netlink::Configurator::open();
  if (!configurator) return tell("what is missing on the ports", fail(configurator.message()));
  for (const auto& lack : lacks) {
    for (const auto& address : lack.addresses) {
      tell(lack.tap + ": address " + address.address.to_string(), configurator->add_address(lack.tap, address));
    }
  }
  for (const auto& lack : lacks) {
    for (const auto& route : lack.routes) {
      tell(lack.tap + ": route to " + route.prefix.to_string(), configurator->replace_route(lack.tap, route));
    }
  }
}

void PortUpkeep::tell(const std::string& what, const Result<>& done) {
  const std::string outcome = done ? "was missing: set again" : "is missing: " + done.message();
  if (std::exchange(told_[what], outcome) == outcome) return;
  spdlog::warn("{} {}", what, outcome);
}

}  // namespace sluice::control
