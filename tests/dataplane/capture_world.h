#pragma once
// Frames through a pipeline with a capture armed, on plain arrays.

#include <string>
#include <utility>
#include <vector>

#include "dataplane/capture.h"
#include "dataplane/pipeline.h"
#include "tests/cases/case.h"

namespace sluice::dataplane {

struct Shown {
  CapturedPacket packet;
  cases::Bytes came, sent;
};

inline cases::Bytes copy(std::span<const std::uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

inline std::vector<Shown> drain(CaptureRing& ring) {
  std::vector<Shown> all;
  for (const CapturedPacket* packet = ring.front(); packet != nullptr; packet = ring.front()) {
    all.push_back({*packet, copy(ring.front_bytes().came), copy(ring.front_bytes().sent)});
    ring.pop();
  }
  return all;
}

// A worker of the small network with a capture, and a clock that ticks at each look.
class CaptureWorld {
 public:
  explicit CaptureWorld(const CaptureFilter& filter = {}, std::size_t snaplen = 2000, unsigned workers = 1)
      : capture{{.filter = filter, .snaplen = snaplen, .ring_bytes = 1}, 0},
        pipeline{{.workers = workers,
                  .flows_max = 64,
                  .seed = 1,
                  .snat_addresses = {cases::kSnat},
                  .snat6_addresses = {cases::kSnat6}}} {}

  // One burst; answers what was captured of it.
  std::vector<Shown> send(std::vector<cases::Bytes> frames, std::uint16_t port = cases::kWan) {
    Burst burst;
    for (auto& frame : frames) {
      const auto length = static_cast<std::uint16_t>(frame.size());
      frame.resize(frame.size() + 200);
      burst.add(frame.data(), length, port, nullptr, static_cast<std::uint16_t>(frame.size()));
    }
    capture.begin(++clock, *snapshot, Origin::kPort);
    pipeline.process(*snapshot, 0, burst, capture);
    capture.finish(burst, ++clock);
    sent_.clear();
    for (const Packet& packet : burst) sent_.emplace_back(packet.data, packet.data + packet.length);
    return drain(capture.ring());
  }
  std::vector<Shown> send(const cases::Frame& frame, std::uint16_t port = cases::kWan) {
    return send({cases::bytes_of(frame)}, port);
  }
  // What the client's first segment opens is answered: the reply as the node sends it.
  cases::Frame reply_of(const Shown& opening) const {
    auto reply = cases::from_node(opening.packet.flow->node_port.host(), net::kTcpSyn | net::kTcpAck);
    reply.source = opening.packet.flow->node;
    reply.destination = opening.packet.flow->snat;
    reply.destination_port = opening.packet.flow->snat_port.host();
    return reply;
  }
  const std::vector<cases::Bytes>& sent() const { return sent_; }  // Of the last burst.

  std::unique_ptr<Snapshot> snapshot = cases::make_snapshot(1);
  Capture capture;
  Pipeline pipeline;
  std::uint64_t clock = 0;

 private:
  std::vector<cases::Bytes> sent_;
};

inline cases::Frame segment6(std::uint16_t port, std::uint8_t flags) {
  auto frame = cases::from_client(port, flags);
  frame.source = cases::kClient6;
  frame.destination = cases::kVip6;
  return frame;
}

}  // namespace sluice::dataplane
