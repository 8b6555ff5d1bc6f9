#pragma once
// What pipeline_bench serves: 64 nodes behind 16 VIPs with two ports each, clients behind a router, and frames of them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/packet.h"
#include "dataplane/pipeline.h"
#include "dataplane/snapshot.h"
#include "net/flow_key.h"

namespace sluice::bench {

std::unique_ptr<dataplane::Snapshot> make_snapshot(std::uint32_t epoch, std::size_t flows);
// Only so many networks may use the services; the clients are of them.
void limit_sources(dataplane::Snapshot& snapshot, std::uint32_t networks);
dataplane::PipelineOptions pipeline_options(std::size_t flows);  // Enough SNAT addresses for so many.

// A client's key of the flow with this number: all different below 2^32.
net::FlowKey4 client_key(std::uint32_t number);

// Frames as a driver delivers them: one buffer each, their headers written anew each time, since the pipeline changes
// them. 60 bytes of TCP without payload.
class Frames {
 public:
  static constexpr std::size_t kFrameLength = 60;

  Frames() : buffers_(dataplane::kBurstMax) {}

  // One burst of frames with these keys. From a client or from a node: the pipeline finds out.
  void fill(dataplane::Burst& burst, const net::FlowKey4* keys, std::uint8_t tcp_flags);

 private:
  // As far apart as DPDK's: mempool header, mbuf, headroom, 2 KB. An odd number of lines, since with 2 KB alone all the
  // headers would fight for two sets of the first cache.
  struct alignas(64) Buffer {
    std::array<std::uint8_t, 2368> bytes;
  };
  static_assert(sizeof(Buffer) / 64 % 2 == 1);
  std::vector<Buffer> buffers_;
};

}  // namespace sluice::bench
