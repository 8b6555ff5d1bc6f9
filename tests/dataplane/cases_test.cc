// The packet cases, run through the DPDK engine's pipeline without EAL.

#include <algorithm>
#include <cctype>
#include <cstring>
#include <memory>
#include <set>
#include <utility>

#include <gtest/gtest.h>

#include "dataplane/pipeline.h"
#include "tests/cases/case.h"

namespace sluice::cases {
namespace {

using dataplane::Verdict;

class PipelineEngine {
 public:
  struct Outcome {
    Verdict verdict;
    std::uint16_t port;
    Bytes bytes;
  };

  PipelineEngine()
      : pipeline_{{.flows_max = 64,
                   .seed = 42,
                   .snat_addresses = {kSnat},
                   .snat6_addresses = {kSnat6},
                   .limits = std::make_shared<dataplane::ConnectionLimits>(16, 64, 9),
                   .fragmented_max = 64}} {
    publish({});
  }

  void publish(const Change& change) { snapshot_ = make_snapshot(++epoch_, change); }

  void wait(unsigned seconds) {
    now_ += nat::to_ticks(std::chrono::seconds{seconds});
    pipeline_.expire(*snapshot_, now_, 64);
    resume();
  }

  // The frame stands at the end of its memory, unless an answer wants more: a sanitizer sees every byte that is read
  // behind it.
  Outcome send(const Bytes& frame, std::uint16_t port, std::size_t room) {
    const auto& bytes = memory_.emplace_back(new std::uint8_t[room]);
    std::memcpy(bytes.get(), frame.data(), frame.size());
    burst_.clear();
    burst_.add(bytes.get(), static_cast<std::uint16_t>(frame.size()), port, nullptr, static_cast<std::uint16_t>(room));
    pipeline_.process(*snapshot_, now_, burst_);
    const Outcome outcome = outcome_of(burst_[0]);
    resume();
    return outcome;
  }

  // What was held and has left since the last call.
  std::vector<Outcome> resumed() { return std::exchange(resumed_, {}); }

 private:
  static Outcome outcome_of(const dataplane::Packet& packet) {
    return {packet.verdict, packet.port, Bytes(packet.data, packet.data + packet.length)};
  }
  void resume() {
    while (pipeline_.resume(burst_)) {
      pipeline_.process(*snapshot_, now_, burst_);
      for (const auto& packet : burst_) resumed_.push_back(outcome_of(packet));
    }
  }

  std::vector<std::unique_ptr<std::uint8_t[]>> memory_;  // Of all packets: some are held.
  std::vector<Outcome> resumed_;
  dataplane::Pipeline pipeline_;
  std::unique_ptr<dataplane::Snapshot> snapshot_;
  dataplane::Burst burst_;
  std::uint32_t epoch_ = 0;
  nat::Tick now_ = 1000;
};

// What the engine chose for the flow that the last packet to a node belongs to.
struct Learned {
  net::IpAddress address;
  std::uint16_t port = 0;

  void learn(const Frame& in, const Bytes& to_node) {
    if (!in.quoted.empty() || (in.part && in.part->begin > 0)) return;  // No ports of ours.
    const bool is_v4 = to_node[12] == 0x08;
    net::Be16 source_port;
    net::Ipv4Address v4;
    net::Ipv6Address v6;
    std::memcpy(&v4, to_node.data() + 26, sizeof v4);
    std::memcpy(&v6, to_node.data() + 22, sizeof v6);
    address = is_v4 ? net::IpAddress{v4} : net::IpAddress{v6};
    const std::size_t fragment_header = in.part && !is_v4 ? 8 : 0;
    const std::size_t l4 = (is_v4 ? 34 : 54) + in.ip_options.size() + fragment_header;
    std::memcpy(&source_port, to_node.data() + l4, 2);
    port = source_port.host();
  }
  Frame fill(Frame frame) const {
    if (frame.source == kLearned) {
      frame.source = address;
      frame.source_port = port;
    }
    if (frame.destination == kLearned) {
      frame.destination = address;
      frame.destination_port = port;
    }
    for (Frame& quoted : frame.quoted) quoted = fill(quoted);
    return frame;
  }
};

void expect_resumed(const std::vector<PipelineEngine::Outcome>& outcomes, const std::vector<Resumed>& expected,
                    const Learned& learned) {
  ASSERT_EQ(outcomes.size(), expected.size());
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(name(outcomes[i].verdict), name(expected[i].verdict));
    if (!expected[i].out) continue;
    EXPECT_EQ(outcomes[i].bytes, bytes_of(learned.fill(*expected[i].out)));
  }
}

class PacketCase : public testing::TestWithParam<Case> {};

TEST_P(PacketCase, EndsAsTheTableSays) {
  PipelineEngine engine;
  Learned learned;
  for (const Step& step : GetParam().steps) {
    SCOPED_TRACE(step.what);
    if (step.publish) engine.publish(*step.publish);
    if (step.seconds_later > 0) engine.wait(step.seconds_later);
    const Bytes in = step.raw_in.empty() ? bytes_of(learned.fill(step.in)) : step.raw_in;
    const auto outcome = engine.send(in, step.port, std::max(in.size(), step.raw_out.size()));
    ASSERT_EQ(name(outcome.verdict), name(step.verdict));
    if (is_drop(step.verdict)) {
      EXPECT_EQ(outcome.bytes, in) << "a dropped packet was changed";
    }
    if (outcome.verdict == Verdict::kToNode) learned.learn(step.in, outcome.bytes);
    expect_resumed(engine.resumed(), step.resumed, learned);
    if (!step.out && step.raw_out.empty()) continue;
    EXPECT_EQ(outcome.port, step.out_port);
    EXPECT_EQ(outcome.bytes, step.out ? bytes_of(learned.fill(*step.out)) : step.raw_out);
  }
}

std::string test_name(const testing::TestParamInfo<Case>& info) {
  std::string name;
  bool upper = true;
  for (const char c : info.param.name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) {
      upper = true;
      continue;
    }
    name += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = false;
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Table, PacketCase, testing::ValuesIn(all_cases()), test_name);

// Verdicts that the pipeline alone cannot give, or that take a filled table (pipeline_test.cc), or several workers.
const std::set<Verdict> kElsewhere{Verdict::kContinue,          Verdict::kToWorker,         Verdict::kDropHandoverFull,
                                   Verdict::kDropTransmitFull,  Verdict::kDropKernelFull,   Verdict::kDropTooLong,
                                   Verdict::kDropSnatExhausted, Verdict::kDropFlowTableFull};

TEST(PacketCases, ThereIsOneForEveryVerdict) {
  std::set<Verdict> covered = kElsewhere;
  for (const auto& one : all_cases()) {
    for (const auto& step : one.steps) {
      covered.insert(step.verdict);
      for (const auto& resumed : step.resumed) covered.insert(resumed.verdict);
    }
  }
  for (const auto& info : dataplane::kVerdicts) EXPECT_TRUE(covered.contains(info.verdict)) << info.name;
}

}  // namespace
}  // namespace sluice::cases
