#include "dataplane/dpdk/worker.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_pause.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "dataplane/dpdk/pieces.h"

namespace sluice::dataplane::dpdk {
namespace {

// Table entries that are looked at for idle flows: in a turn without packets, and for each packet of one with. Two a
// packet: however short the flows, the clock hand goes round faster than they fill the table.
constexpr std::size_t kExpireIdle = 64;
constexpr std::size_t kExpireAPacket = 2;
constexpr unsigned kSpinTurns = 256;  // Empty turns before the first sleep.
constexpr std::chrono::nanoseconds kFirstSleep{5'000};

// What a worker tells the one that it hands a packet to, in the buffer. In place of the NIC's hash, which we do not
// use: that is on a cache line that the sender has, fields of our own (rte_mbuf_dynfield_register) would be on the
// next.
struct Note {
  net::Ports ports;
  std::uint32_t joined;  // The ports are known: if this is a fragment, it has met the others.
};
static_assert(sizeof(Note) <= sizeof(rte_mbuf::hash));

void write_note(rte_mbuf* buffer, const Note& note) { std::memcpy(&buffer->hash, &note, sizeof note); }
Note read_note(const rte_mbuf* buffer) {
  std::array<std::uint8_t, sizeof(Note)> bytes;
  std::memcpy(bytes.data(), &buffer->hash, bytes.size());
  return std::bit_cast<Note>(bytes);
}

}  // namespace

Worker::Worker(Shared& shared, const PipelineOptions& options)
    : shared_{shared},
      number_{options.worker},
      pipeline_{options},
      handed_over_(shared.ports.size()),
      vlan_traffic_(shared.ports.size()),
      cycles_per_tick_{::rte_get_tsc_hz() * static_cast<std::uint64_t>(nat::kTickLength.count()) / 1'000'000'000} {
  for (auto& port : shared_.ports) {
    wire_.emplace_back(port->wire(), number_, pipeline_.counters(), Verdict::kDropTransmitFull);
    if (port->is_vlan()) wire_.back().put_on(port->tag(), &vlan_traffic_[wire_.size() - 1]);
    Device& kernel = port->kernel() != nullptr ? *port->kernel() : port->wire();
    kernel_.emplace_back(kernel, number_, pipeline_.counters(), Verdict::kDropKernelFull);
  }
}

void Worker::run() {
  ::prctl(PR_SET_TIMERSLACK, 1UL);  // Short sleeps shall be short.
  ::rte_rcu_qsbr_thread_online(shared_.quiescent, number_);
  unsigned idle_turns = 0;
  while (!shared_.stop.load(std::memory_order_relaxed)) {
    const Snapshot& snapshot = *shared_.snapshot.load(std::memory_order_acquire);
    const std::size_t received = turn(snapshot);
    pipeline_.expire(snapshot, now(), received > 0 ? kExpireAPacket * received : kExpireIdle);
    if (pipeline_.resume(burst_)) [[unlikely]]
      process(snapshot, Origin::kPort);
    queries_.work(snapshot, pipeline_, now());
    pipeline_.counters().turns.add(1);
    ::rte_rcu_qsbr_quiescent(shared_.quiescent, number_);
    idle_turns = received > 0 ? 0 : idle_turns + 1;
    if (idle_turns > 0) rest(idle_turns);
  }
  ::rte_rcu_qsbr_thread_offline(shared_.quiescent, number_);
}

std::size_t Worker::turn(const Snapshot& snapshot) {
  std::size_t received = receive_from_workers(snapshot);
  for (std::uint16_t port = 0, count = static_cast<std::uint16_t>(shared_.ports.size()); port < count; ++port) {
    received += receive(snapshot, port);
    received += receive_from_kernel(port);
  }
  if (received == 0) return 0;
  for (auto& transmit : wire_) transmit.flush();
  for (auto& transmit : kernel_) transmit.flush();
  pipeline_.counters().busy_turns.add(1);
  return received;
}

std::size_t Worker::receive(const Snapshot& snapshot, std::uint16_t port) {
  std::array<rte_mbuf*, kBurstMax> buffers;
  std::size_t received = 0;
  if (shared_.ports[port]->is_vlan()) return 0;  // Comes in by its wire.
  Device& wire = shared_.ports[port]->wire();
  const bool needs_look = shared_.ports[port]->needs_look();
  const auto workers = static_cast<unsigned>(shared_.inbox.size());
  for (unsigned queue = number_; queue < wire.queues(); queue += workers) {
    const auto count = wire.receive(static_cast<std::uint16_t>(queue), buffers.data(), kBurstMax);
    burst_.clear();
    if (!needs_look) [[likely]] {
      for (std::uint16_t i = 0; i < count; ++i) add(buffers[i], port);
    } else {
      for (std::uint16_t i = 0; i < count; ++i) add_looked_at(buffers[i], port);
    }
    if (count > 0) process(snapshot, Origin::kPort);
    received += count;
  }
  return received;
}

// What the kernel sends leaves as it is: ARP, BGP, ssh, the connection to the API server.
std::size_t Worker::receive_from_kernel(std::uint16_t port) {
  Device* kernel = shared_.ports[port]->kernel();
  if (kernel == nullptr) return 0;
  std::array<rte_mbuf*, kBurstMax> buffers;
  std::size_t received = 0;
  const auto workers = static_cast<unsigned>(shared_.inbox.size());
  for (unsigned queue = number_; queue < kernel->queues(); queue += workers) {
    const auto count = kernel->receive(static_cast<std::uint16_t>(queue), buffers.data(), kBurstMax);
    for (std::uint16_t i = 0; i < count; ++i) wire_[port].add(buffers[i]);
    received += count;
  }
  return received;
}

std::size_t Worker::receive_from_workers(const Snapshot& snapshot) {
  if (shared_.inbox.size() < 2) return 0;
  std::array<rte_mbuf*, kBurstMax> buffers;
  const unsigned count =
      ::rte_ring_sc_dequeue_burst(shared_.inbox[number_], reinterpret_cast<void**>(buffers.data()), kBurstMax, nullptr);
  burst_.clear();
  for (unsigned i = 0; i < count; ++i) {
    Packet& packet = add(buffers[i], buffers[i]->port);  // The sender left the port in the buffer.
    if (const Note note = read_note(buffers[i]); note.joined != 0) packet.join(note.ports);
  }
  if (count > 0) process(snapshot, Origin::kOtherWorker);
  return count;
}

Packet& Worker::add(rte_mbuf* buffer, std::uint16_t port) {
  const bool is_too_long = !make_whole(buffer);
  const auto room = static_cast<std::uint16_t>(buffer->buf_len - buffer->data_off);
  Packet& packet = burst_.add(rte_pktmbuf_mtod(buffer, std::uint8_t*), buffer->data_len, port, buffer, room);
  if (is_too_long) [[unlikely]]
    packet.verdict = Verdict::kDropTooLong;
  return packet;
}

void Worker::add_looked_at(rte_mbuf* buffer, std::uint16_t wire) {
  const std::uint16_t port = shared_.ports[wire]->vlans().take_off(buffer, wire);
  if (port != wire) {
    vlan_traffic_[port].rx_packets.add(1);
    vlan_traffic_[port].rx_bytes.add(buffer->pkt_len);
  }
  Packet& packet = add(buffer, port);
  if ((buffer->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_BAD) [[unlikely]]
    packet.verdict = Verdict::kDropBadHeader;
}

void Worker::process(const Snapshot& snapshot, Origin origin) {
  Capture* const capture = capture_.load(std::memory_order_acquire);
  do {
    if (capture == nullptr) [[likely]] {
      pipeline_.process(snapshot, now(), burst_);
    } else {
      process_shown(snapshot, *capture, origin);
    }
    dispatch(snapshot, burst_);
  } while (pipeline_.resume(burst_));
}

[[gnu::cold]] void Worker::process_shown(const Snapshot& snapshot, Capture& capture, Origin origin) {
  capture.begin(::rte_rdtsc(), snapshot, origin);
  pipeline_.process(snapshot, now(), burst_, capture);
  capture.finish(burst_, ::rte_rdtsc());
}

void Worker::dispatch(const Snapshot& snapshot, Burst& burst) {
  for (Packet& packet : burst) {
    auto* buffer = static_cast<rte_mbuf*>(packet.buffer);
    switch (packet.verdict) {
      case Verdict::kToNode:
      case Verdict::kToClient: wire_[packet.port].add(buffer); break;
      case Verdict::kReply:
      case Verdict::kReplyReset:
      case Verdict::kReplyUnreachable:
      case Verdict::kReplyTimeExceeded:
      case Verdict::kReplyAbort:
      case Verdict::kReplyShutdownComplete:
      case Verdict::kReplyTooBig:  // May be longer or shorter than the question.
        buffer->data_len = packet.length;
        buffer->pkt_len = packet.length;
        wire_[packet.port].add(buffer);
        break;
      case Verdict::kToKernel: give_to_kernel(packet); break;
      case Verdict::kToWorker: hand_over(snapshot, packet); break;
      case Verdict::kHeld: break;  // Comes back with resume().
      default: ::rte_pktmbuf_free(buffer); break;
    }
  }
}

void Worker::give_to_kernel(Packet& packet) {
  auto* buffer = static_cast<rte_mbuf*>(packet.buffer);
  const Device* kernel = shared_.ports[packet.port]->kernel();
  if (kernel != nullptr && kernel->takes(packet.length)) return kernel_[packet.port].add(buffer);
  if (kernel != nullptr) count_drop(Verdict::kDropTooLong, packet);
  ::rte_pktmbuf_free(buffer);
}

void Worker::count_drop(Verdict verdict, const Packet& packet) {
  pipeline_.counters().packets[index(verdict)].add(1);
  pipeline_.counters().bytes[index(verdict)].add(packet.length);
}

void Worker::hand_over(const Snapshot& snapshot, Packet& packet) {
  auto* buffer = static_cast<rte_mbuf*>(packet.buffer);
  buffer->port = packet.port;
  write_note(buffer, {.ports = packet.ports_of_key(), .joined = packet.content != Content::kFragment});
  handed_over_[packet.port].add(1);
  rte_ring* inbox = shared_.inbox[pipeline_.owner(snapshot, packet)];
  if (::rte_ring_mp_enqueue(inbox, buffer) == 0) return;
  count_drop(Verdict::kDropHandoverFull, packet);
  ::rte_pktmbuf_free(buffer);
}

// A quiet box does not burn a core: spin for a while, then sleep, longer each time up to the limit.
void Worker::rest(unsigned idle_turns) const {
  if (idle_turns <= kSpinTurns || shared_.idle_sleep_max.count() == 0) {
    ::rte_pause();
    return;
  }
  const auto doublings = std::min((idle_turns - kSpinTurns) / 16, 10U);
  const auto nap = std::min(kFirstSleep * (1U << doublings), shared_.idle_sleep_max);
  const timespec wanted{.tv_sec = 0, .tv_nsec = static_cast<long>(std::min<std::int64_t>(nap.count(), 999'999'999))};
  ::nanosleep(&wanted, nullptr);
}

nat::Tick Worker::now() const { return static_cast<nat::Tick>(::rte_rdtsc() / cycles_per_tick_); }

}  // namespace sluice::dataplane::dpdk
