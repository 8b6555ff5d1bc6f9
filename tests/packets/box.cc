#include "tests/packets/box.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace sluice::packets {
namespace {

using dataplane::Verdict;

constexpr std::size_t kEthernet = 14;

bool is_sent(Verdict verdict) {
  return verdict == Verdict::kToNode || verdict == Verdict::kToClient || is_reply(verdict);
}

// The packet of a flow is the same packet afterwards, so its sums are as good as they were. An answer is a new one.
bool sums_hold(Verdict verdict, View before, View after) {
  if (!layout_of(before)) return true;
  return is_reply(verdict) ? accepts(after) || !accepts(before) : accepts(after) == accepts(before);
}

std::string in_hex(View frame) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : frame) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::uint64_t packets_counted(const dataplane::WorkerCounters& counters) {
  return std::accumulate(counters.packets.begin(), counters.packets.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const dataplane::Counter& counter) { return sum + counter.get(); });
}

template <typename Family>
std::size_t ports_in_use(const nat::PortPool<Family>& ports) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < ports.address_count(); ++i) count += ports.usage(i).in_use;
  return count;
}

template <typename Family>
std::size_t flows_with_port(const nat::FlowTable<Family>& flows) {
  std::size_t count = 0;
  flows.visit(0, flows.capacity(), [&](const auto& flow) { count += flow.port_group != nat::kNoPortGroup ? 1 : 0; });
  return count;
}

}  // namespace

Box::Box(const BoxOptions& options) {
  for (unsigned worker = 0; worker < options.workers; ++worker) {
    pipelines_.push_back(std::make_unique<dataplane::Pipeline>(
        dataplane::PipelineOptions{.worker = worker,
                                   .workers = options.workers,
                                   .flows_max = options.flows_max,
                                   .seed = 42,
                                   .explicit_pages = nat::ExplicitPages::kAvoid,
                                   .snat_addresses = {cases::kSnat, cases::kSnatOnly},
                                   .snat6_addresses = {cases::kSnat6},
                                   .snat_ports = options.snat_ports}));
  }
  publish({});
}

void Box::publish(const cases::Change& change) { snapshot_ = cases::make_snapshot(++epoch_, change); }

void Box::wait(nat::Tick ticks) {
  now_ += ticks;
  for (auto& pipeline : pipelines_) pipeline->expire(*snapshot_, now_, pipeline->v4().flows().capacity());
}

const std::vector<Departure>& Box::send(const std::vector<Arrival>& arrivals) {
  assert(arrivals.size() <= dataplane::kBurstMax);
  packets_.assign(arrivals.size(), {});
  while (memory_.size() < arrivals.size()) memory_.push_back(std::make_unique<GuardedMemory>());
  std::vector<std::vector<std::size_t>> queues(pipelines_.size());
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    memory_[i]->place(arrivals[i].frame, arrivals[i].side);
    packets_[i].port = arrivals[i].port;
    queues[arrivals[i].worker % queues.size()].push_back(i);
  }
  for (unsigned worker = 0; worker < queues.size(); ++worker) process(worker, queues[worker]);
  std::vector<std::vector<std::size_t>> inboxes(pipelines_.size());
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    if (packets_[i].verdict != Verdict::kToWorker) continue;
    const auto& receiver = *pipelines_[arrivals[i].worker % pipelines_.size()];
    inboxes[receiver.owner(*snapshot_, packets_[i])].push_back(i);
    packets_[i].port = arrivals[i].port;
  }
  for (unsigned worker = 0; worker < inboxes.size(); ++worker) process(worker, inboxes[worker]);
  departures_.clear();
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    judge(arrivals[i], packets_[i], *memory_[i]);
    const View frame = memory_[i]->frame();
    departures_.push_back({packets_[i].verdict, packets_[i].port, Bytes(frame.begin(), frame.end())});
  }
  return departures_;
}

void Box::process(unsigned worker, const std::vector<std::size_t>& numbers) {
  if (numbers.empty()) return;
  dataplane::Burst burst;
  for (const std::size_t number : numbers) {
    const View frame = memory_[number]->frame();
    burst.add(const_cast<std::uint8_t*>(frame.data()), static_cast<std::uint16_t>(frame.size()), packets_[number].port,
              nullptr);
  }
  pipelines_[worker]->process(*snapshot_, now_, burst);
  for (std::size_t i = 0; i < numbers.size(); ++i) packets_[numbers[i]] = burst[i];
  processed_ += numbers.size();
}

void Box::judge(const Arrival& arrival, const dataplane::Packet& packet, const GuardedMemory& memory) {
  const auto complain = [&](const std::string& what) {
    complaints_.push_back(what + " (" + std::string{dataplane::name(packet.verdict)} + "): " + in_hex(arrival.frame));
  };
  const View after = memory.frame();
  const auto body_of = [](View frame) { return frame.subspan(std::min(frame.size(), kEthernet)); };
  if (packet.verdict == Verdict::kContinue) complain("a packet got no verdict");
  if (packet.verdict == Verdict::kToWorker) complain("a packet was handed over twice");
  if (!memory.is_intact()) complain("bytes beside the frame were written");
  if (!is_sent(packet.verdict)) {
    if (!std::ranges::equal(arrival.frame, after)) complain("a packet that is not sent was changed");
    return;
  }
  if (packet.port >= snapshot_->ports.size()) complain("a packet leaves by a port that is not there");
  if (!sums_hold(packet.verdict, arrival.frame, after)) complain("checksums became wrong, " + in_hex(after));
  if (std::ranges::equal(body_of(arrival.frame), body_of(after))) complain("a packet leaves as it came");
}

std::vector<std::string> Box::complaints() {
  judge_books();
  return std::exchange(complaints_, {});
}

void Box::judge_books() {
  std::uint64_t counted = 0;
  for (auto& pipeline : pipelines_) {
    counted += packets_counted(pipeline->counters());
    const bool is_v4_right = ports_in_use(pipeline->v4().ports()) == flows_with_port(pipeline->v4().flows());
    const bool is_v6_right = ports_in_use(pipeline->v6().ports()) == flows_with_port(pipeline->v6().flows());
    if (!is_v4_right || !is_v6_right) {
      complaints_.push_back("SNAT ports in use and flows are not as many");
    }
  }
  if (counted != processed_) complaints_.push_back("not every packet was counted once");
}

}  // namespace sluice::packets
