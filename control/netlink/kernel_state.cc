#include "control/netlink/kernel_state.h"

#include <sys/epoll.h>

#include <chrono>
#include <utility>

#include <linux/rtnetlink.h>

#include "base/log.h"

namespace sluice::control::netlink {
namespace {

constexpr int kDatagramsPerTurn = 64;  // The rest in the next turn: others want the thread, too.
// Collects the events of one change (a link going down is told before its routes go), and keeps failing dumps apart.
constexpr std::chrono::milliseconds kDumpDelay{50};

Request dump_request(Table table) {
  switch (table) {
    case Table::kLinks: {
      Request request{RTM_GETLINK, NLM_F_DUMP};
      request.fixed_header<ifinfomsg>();
      return request;
    }
    case Table::kAddresses: {
      Request request{RTM_GETADDR, NLM_F_DUMP};
      request.fixed_header<ifaddrmsg>();
      return request;
    }
    case Table::kRoutes: {
      Request request{RTM_GETROUTE, NLM_F_DUMP};
      request.fixed_header<rtmsg>();
      return request;
    }
    case Table::kNeighbours: break;
  }
  Request request{RTM_GETNEIGH, NLM_F_DUMP};
  request.fixed_header<ndmsg>();
  return request;
}

}  // namespace

base::Result<std::unique_ptr<KernelState>> KernelState::start(Reactor& reactor, Options options) {
  auto socket = Socket::open();
  if (!socket) return base::fail(socket.message());
  socket->set_receive_buffer(options.receive_buffer_bytes);
  for (const int group : {RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
                          RTNLGRP_IPV6_ROUTE}) {
    const auto subscribed = socket->subscribe(group);
    if (!subscribed) return base::fail(subscribed.message());
  }
  return std::unique_ptr<KernelState>{new KernelState{reactor, std::move(*socket)}};
}

KernelState::KernelState(Reactor& reactor, Socket socket) : reactor_{reactor}, socket_{std::move(socket)} {
  reactor_.watch(socket_.fd(), EPOLLIN, [this](std::uint32_t) { read_socket(); });
  need_all();
  dump_next();
}

KernelState::~KernelState() {
  reactor_.forget(socket_.fd());
  reactor_.cancel(dump_timer_);
}

void KernelState::read_socket() {
  for (int i = 0; i < kDatagramsPerTurn; ++i) {
    const auto received = socket_.receive();
    if (!received) {
      spdlog::warn("{}", received.message());
      need_all();
      dump_later();
      break;
    }
    if (received->status == Socket::Status::kNothing) break;
    if (received->status == Socket::Status::kOverrun) {
      ++overruns_;
      need_all();
      if (!dumping_) dump_later();
      continue;
    }
    for_each_message(received->bytes, [this](const MessageView& message) { handle(message); });
  }
  report();
}

void KernelState::handle(const MessageView& message) {
  if (message.port != socket_.port() || message.sequence == 0) {
    apply(message, Origin::kNotification);
  } else if (dumping_ && message.sequence == dump_sequence_) {
    handle_dump_part(message);
  }
}

void KernelState::handle_dump_part(const MessageView& message) {
  if ((message.flags & NLM_F_DUMP_INTR) != 0) dump_interrupted_ = true;
  if (message.type == NLMSG_DONE) {
    end_dump(read_as<int>(message.payload).value_or(0) >= 0 && !dump_interrupted_);
  } else if (const auto failed = parse_acknowledgement(message)) {
    spdlog::warn("netlink: dump of table {} failed: {}", static_cast<unsigned>(*dumping_),
                 std::strerror(failed->error));
    end_dump(false);
  } else {
    apply(message, Origin::kDump);
  }
}

void KernelState::apply(const MessageView& message, Origin origin) {
  const auto effect = tables_.apply(parse(message), origin);
  changed_ |= effect.changed;
  if (!effect.routes_doubtful) return;
  need(Table::kRoutes);
  dump_later();
}

void KernelState::need_all() {
  for (const Table table : kTables) need(table);
}

void KernelState::dump_later() {
  if (dump_timer_ != 0) return;
  dump_timer_ = reactor_.after(kDumpDelay, [this] {
    dump_timer_ = 0;
    if (!dumping_) dump_next();
  });
}

// Starts the first dump that is needed. A table that is found doubtful while it is being dumped is dumped once more.
void KernelState::dump_next() {
  for (const Table table : kTables) {
    const unsigned bit = 1U << static_cast<unsigned>(table);
    if ((needed_ & bit) == 0) continue;
    const auto sequence = socket_.send(dump_request(table));
    if (!sequence) {
      spdlog::warn("dump the kernel's tables: {}", sequence.message());
      return dump_later();
    }
    needed_ &= ~bit;
    dumping_ = table;
    dump_sequence_ = *sequence;
    dump_interrupted_ = false;
    return tables_.begin_dump(table);
  }
}

void KernelState::end_dump(bool complete) {
  const Table table = *dumping_;
  dumping_.reset();
  if (!complete) {
    tables_.abandon_dump(table);
    need(table);
    return dump_later();
  }
  changed_ |= tables_.end_dump(table);
  if (needed_ == 0 && !ready_) {
    ready_ = true;
    changed_ = true;
  }
  if (dump_timer_ == 0) dump_next();  // Otherwise when it is due.
}

void KernelState::report() {
  if (!ready_ || !std::exchange(changed_, false)) return;
  if (on_change_) on_change_();
}

}  // namespace sluice::control::netlink
