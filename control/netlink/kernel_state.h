#pragma once
// A mirror of the kernel's links, addresses, routes of the main table and neighbours, of both families, kept by
// rtnetlink. Routes of IPv6 that hold on one link only (fe80::/10) are left out.
//
// It subscribes to changes first, then dumps each table: what is notified during a dump counts more than the dump. When
// the kernel dropped notifications (ENOBUFS), a dump was interrupted, or a link changed (the kernel removes and revives
// IPv4 routes with a link without saying so), the tables are dumped again; the last good state stays visible meanwhile.
// Everything happens on the reactor's thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/netlink/objects.h"
#include "control/netlink/parse.h"
#include "control/netlink/socket.h"
#include "control/netlink/tables.h"
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

  // True from the end of the first complete dump, for ever.
  bool ready() const { return ready_; }

  std::vector<Link> links() const { return tables_.links(); }  // By index.
  std::optional<Link> link(int index) const { return tables_.link(index); }
  std::optional<Link> link(std::string_view name) const { return tables_.link(name); }
  std::vector<Address> addresses() const { return tables_.addresses(); }  // IPv4 and IPv6, by link.
  // Of the main table, the best route of each prefix: the lowest metric that has a next hop alive. By prefix.
  std::vector<Route> routes() const { return tables_.routes(); }
  std::vector<Neighbour> neighbours() const { return tables_.neighbours(); }
  std::optional<Neighbour> neighbour(net::IpAddress address, int link) const {
    return tables_.neighbour({.link = link, .address = address});
  }

  // How often the kernel dropped notifications, so that everything was dumped again.
  std::uint64_t overruns() const { return overruns_; }

 private:
  KernelState(Reactor& reactor, Socket socket);
  void read_socket();
  void handle(const MessageView& message);
  void handle_dump_part(const MessageView& message);
  void apply(const MessageView& message, Origin origin);
  void need(Table table) { needed_ |= 1U << static_cast<unsigned>(table); }
  void need_all();
  void dump_next();
  void dump_later();
  void end_dump(bool complete);
  void report();

  Reactor& reactor_;
  Socket socket_;
  std::function<void()> on_change_;
  Tables tables_;

  unsigned needed_ = 0;           // Bit per table that is to be dumped.
  std::optional<Table> dumping_;  // One at a time: the kernel allows no more on a socket.
  std::uint32_t dump_sequence_ = 0;
  bool dump_interrupted_ = false;
  Reactor::TimerId dump_timer_ = 0;
  bool ready_ = false;
  bool changed_ = false;
  std::uint64_t overruns_ = 0;
};

}  // namespace sluice::control::netlink
