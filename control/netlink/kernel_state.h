#pragma once
// A mirror of the kernel's links, addresses, IPv4 routes of the main table and neighbours, kept by rtnetlink.
//
// It subscribes to changes first, then dumps each table: what is notified during a dump counts more than the dump. When
// the kernel dropped notifications (ENOBUFS), a dump was interrupted, or a link changed (the kernel removes and revives
// IPv4 routes with a link without saying so), the tables are dumped again; the last good state stays visible meanwhile.
// Everything happens on the reactor's thread.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/result.h"
#include "control/netlink/mirror.h"
#include "control/netlink/objects.h"
#include "control/netlink/parse.h"
#include "control/netlink/socket.h"
#include "control/reactor.h"

namespace sluice::control::netlink {

class KernelState {
 public:
  struct Options {
    int receive_buffer_bytes = 8 << 20;  // A burst of about 10,000 events; more than that costs a new dump.
  };

  static base::Result<std::unique_ptr<KernelState>> start(Reactor& reactor, Options options);
  static base::Result<std::unique_ptr<KernelState>> start(Reactor& reactor) { return start(reactor, Options{}); }
  ~KernelState();
  KernelState(const KernelState&) = delete;
  KernelState& operator=(const KernelState&) = delete;

  // Called after anything that the getters below show has changed: at most once a turn of the reactor, and first when
  // ready() becomes true. A neighbour's change of state counts only when it changes usable() or the MAC.
  void on_change(std::function<void()> callback) { on_change_ = std::move(callback); }

  // True from the end of the first complete dump.
  bool ready() const { return ready_; }

  std::vector<Link> links() const;  // By index.
  std::optional<Link> link(int index) const;
  std::optional<Link> link(std::string_view name) const;
  std::vector<Address> addresses() const;  // IPv4 and IPv6, by link.
  // Main table, the best route of each prefix: the lowest metric that has a next hop alive. By prefix.
  std::vector<Route> routes() const;
  std::vector<Neighbour> neighbours() const;
  std::optional<Neighbour> neighbour(net::IpAddress address, int link) const;

  // How often tables had to be dumped again because notifications were lost.
  std::uint64_t overruns() const { return overruns_; }

 private:
  enum class Table : unsigned { kLinks, kAddresses, kRoutes, kNeighbours, kNone };
  // Prefix and metric, and the next hops: `ip route append` makes several routes of one prefix and metric.
  struct RouteKey {
    net::Ipv4Address first;
    std::uint8_t length = 0;
    std::uint32_t metric = 0;
    std::vector<NextHop> next_hops;
    RouteKind kind = RouteKind::kUnicast;
    friend auto operator<=>(const RouteKey&, const RouteKey&) = default;
  };
  struct OrderedRoute {
    Route route;
    std::size_t order = 0;  // Among those of the same prefix and metric: the first counts.
    friend bool operator==(const OrderedRoute&, const OrderedRoute&) = default;
  };
  struct SameUse {
    bool operator()(const Neighbour& a, const Neighbour& b) const {
      return a.usable() == b.usable() && (!a.usable() || a.mac == b.mac);
    }
  };

  KernelState(Reactor& reactor, Socket socket);
  void read_socket();
  void handle(const MessageView& message);
  void handle_dump_part(const MessageView& message);
  void apply(const Event& event, Origin origin);
  void apply(const LinkEvent& event, Origin origin);
  void apply(const AddressEvent& event, Origin origin);
  void apply(const RouteEvent& event, Origin origin);
  void apply(const NeighbourEvent& event, Origin origin);
  void need_all();
  void need_routes_soon();
  void dump_next();
  void end_dump(bool complete);
  void report();

  Reactor& reactor_;
  Socket socket_;
  std::function<void()> on_change_;
  Mirror<int, Link> links_;
  Mirror<Address, Address> addresses_;
  Mirror<RouteKey, OrderedRoute> routes_;
  Mirror<NeighbourKey, Neighbour, SameUse> neighbours_;

  unsigned needed_ = 0;  // Bit per table that is to be dumped.
  Table dumping_ = Table::kNone;
  std::uint32_t dump_sequence_ = 0;
  bool dump_interrupted_ = false;
  Reactor::TimerId retry_timer_ = 0;
  Reactor::TimerId routes_timer_ = 0;
  bool ready_ = false;
  bool changed_ = false;
  std::uint64_t overruns_ = 0;
};

}  // namespace sluice::control::netlink
