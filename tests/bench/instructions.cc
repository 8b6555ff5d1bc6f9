// Work for callgrind, which counts instructions and is the same every time: `instructions WHAT COUNT`, or
// `instructions built`, which says what compiler and options the counts belong to.
//
// tools/checking/instructions.py runs it with two counts; what lies between them is the cost of the packets between,
// since all the rest (start, tables, opening the flows) is the same in both. WHAT is
//   established   packets of established TCP flows by full NAT, of both directions in turn
//   opening       a client's SYN, each opening a flow

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/pipeline_world.h"

namespace sluice::bench {
namespace {

constexpr std::size_t kBurst = dataplane::kBurstMax;
constexpr std::size_t kFlowsMax = 16'384;
constexpr std::size_t kEstablished = 1024;

#if defined(NDEBUG)
#define SLUICE_ASSERTS "without asserts"
#else
#define SLUICE_ASSERTS "with asserts"
#endif
#if defined(__AVX512F__)
#define SLUICE_VECTORS "AVX-512"
#elif defined(__AVX2__)
#define SLUICE_VECTORS "AVX2"
#else
#define SLUICE_VECTORS "no AVX2"
#endif
#if defined(__OPTIMIZE__)
#define SLUICE_OPTIMIZED "optimized"
#else
#define SLUICE_OPTIMIZED "not optimized"
#endif
constexpr const char* kBuilt = "compiler " __VERSION__ ", " SLUICE_OPTIMIZED ", " SLUICE_ASSERTS ", " SLUICE_VECTORS;

class Counted {
 public:
  Counted() : snapshot_{make_snapshot(1, kFlowsMax)}, pipeline_{pipeline_options(kFlowsMax)} {}

  void established(std::size_t packets) {
    std::vector<net::FlowKey4> keys = client_keys(kEstablished);
    process(keys, keys.size(), net::kTcpSyn);
    std::vector<net::FlowKey4> both;
    pipeline_.v4().flows().visit(0, kFlowsMax, [&](const nat::Flow4& flow) {
      both.push_back(flow.to_client_key());
      both.push_back(flow.to_node_key());
    });
    process(both, both.size(), net::kTcpSyn | net::kTcpAck);
    process(both, both.size(), net::kTcpAck);
    process(both, packets, net::kTcpAck);
  }

  void opening(std::size_t packets) {
    const std::vector<net::FlowKey4> keys = client_keys(kFlowsMax);
    process(keys, packets, net::kTcpSyn);
  }

 private:
  static std::vector<net::FlowKey4> client_keys(std::size_t count) {
    std::vector<net::FlowKey4> keys(count);
    for (std::uint32_t i = 0; i < count; ++i) keys[i] = client_key(i);
    return keys;
  }

  // Round and round; both numbers are multiples of a burst.
  void process(const std::vector<net::FlowKey4>& keys, std::size_t packets, std::uint8_t tcp_flags) {
    for (std::size_t i = 0; i < packets; i += kBurst) {
      frames_.fill(burst_, &keys[i % keys.size()], tcp_flags);
      pipeline_.process(*snapshot_, 1000, burst_);
      require_all_sent();
    }
  }

  void require_all_sent() {
    for (const auto& packet : burst_) {
      if (packet.verdict == dataplane::Verdict::kToNode || packet.verdict == dataplane::Verdict::kToClient) continue;
      std::fprintf(stderr, "a packet was not sent: %s\n", std::string{dataplane::name(packet.verdict)}.c_str());
      std::exit(1);
    }
  }

  std::unique_ptr<dataplane::Snapshot> snapshot_;
  dataplane::Pipeline pipeline_;
  dataplane::Burst burst_;
  Frames frames_;
};

}  // namespace
}  // namespace sluice::bench

int main(int argument_count, char** arguments) {
  using namespace sluice::bench;
  const std::string_view what = argument_count > 1 ? arguments[1] : "";
  if (what == "built") {
    std::printf("%s\n", kBuilt);
    return 0;
  }
  const std::size_t count = argument_count == 3 ? std::strtoul(arguments[2], nullptr, 10) : 0;
  if ((what != "established" && what != "opening") || count == 0 || count % kBurst != 0 || count > kFlowsMax) {
    std::fprintf(stderr, "usage: instructions built | established COUNT | opening COUNT  (full bursts, up to %zu)\n",
                 kFlowsMax);
    return 2;
  }
  Counted counted;
  what == "established" ? counted.established(count) : counted.opening(count);
  return 0;
}
