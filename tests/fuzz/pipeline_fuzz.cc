// The whole pipeline under a script of packets, publications and time (script.h), with one worker and with two. What
// must hold is judged by packets::Box.

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/script.h"
#include "tests/packets/box.h"
#include "tests/packets/errors.h"

namespace sluice::fuzz {
namespace {

constexpr std::size_t kActsMax = 64;
constexpr nat::Tick kTicksOfValue = 16;  // 0.27 s: values reach beyond the short timeouts.

class Player {
 public:
  explicit Player(unsigned workers) : box_{{.workers = workers, .flows_max = 16, .snat_ports = {32'768, 32'775}}} {}

  void play(const Act& act) {
    if (act.has(Act::kWait)) box_.wait(act.value * kTicksOfValue);
    if (act.has(Act::kPublish)) box_.publish(change_of(act.value));
    burst_.push_back({.frame = frame_of(act),
                      .port = act.has(Act::kAtLan) ? cases::kLan : cases::kWan,
                      .worker = act.has(Act::kSecondWorker) ? 1U : 0U,
                      .side = act.has(Act::kAtBegin) ? packets::Side::kBegin : packets::Side::kEnd});
    if (!act.has(Act::kMoreFollow) || burst_.size() == dataplane::kBurstMax) finish_burst();
  }

  void finish_burst() {
    if (burst_.empty()) return;
    for (const auto& departure : box_.send(burst_)) {
      const bool is_to_node = departure.verdict == dataplane::Verdict::kToNode;
      if (is_to_node) last_to_node_ = departure.frame;
      if (is_to_node || departure.verdict == dataplane::Verdict::kToClient) last_sent_ = departure.frame;
    }
    burst_.clear();
    const auto complaints = box_.complaints();
    for (const auto& complaint : complaints) std::fprintf(stderr, "%s\n", complaint.c_str());
    if (!complaints.empty()) std::abort();
  }

 private:
  packets::Bytes frame_of(const Act& act) const {
    if (act.has(Act::kError) && packets::layout_of(last_sent_)) return error_of(act);
    if (!act.has(Act::kAnswer) || last_to_node_.empty()) {
      return {act.frame.begin(), act.frame.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                         act.frame.size(), packets::GuardedMemory::kFrameMax))};
    }
    packets::Bytes answer = packets::mirrored(last_to_node_);
    const auto layout = packets::layout_of(answer);
    if (layout && layout->protocol == 6 && !act.frame.empty()) answer[layout->l4 + 13] = act.frame[0];
    packets::make_right(answer);
    if (layout && layout->is_ipv4() && act.frame.size() >= 3) {
      packets::write16(answer, layout->l3 + 6, packets::read16(act.frame, 1));
    }
    return answer;
  }

  packets::Bytes error_of(const Act& act) const {
    packets::Bytes error = packets::error_about(last_sent_, act.frame.empty() ? 64 : act.frame[0]);
    const auto layout = packets::layout_of(error);
    if (!layout) return error;
    const std::size_t quoted = layout->end - layout->payload;
    for (std::size_t i = 1; i < act.frame.size() && i <= quoted; ++i) error[layout->payload + i - 1] ^= act.frame[i];
    packets::make_right(error);
    return error;
  }

  packets::Box box_;
  std::vector<packets::Arrival> burst_;
  packets::Bytes last_to_node_;
  packets::Bytes last_sent_;
};

}  // namespace
}  // namespace sluice::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::fuzz;
  auto acts = acts_of({data, size});
  if (acts.size() > kActsMax) acts.resize(kActsMax);
  for (const unsigned workers : {1U, 2U}) {
    Player player{workers};
    for (const Act& act : acts) player.play(act);
    player.finish_burst();
  }
  return 0;
}
