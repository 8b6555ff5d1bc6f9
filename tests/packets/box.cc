#include "tests/packets/box.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace sluice::packets {
namespace {

using dataplane::Verdict;

constexpr std::size_t kEthernet = 14;
constexpr std::size_t kFragmentedMax = 32;  // Few, so that places run out.

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
                                   .snat_ports = options.snat_ports,
                                   .fragmented_max = kFragmentedMax}));
  }
  inboxes_.resize(options.workers);
  publish({});
}

void Box::publish(const cases::Change& change) { snapshot_ = cases::make_snapshot(++epoch_, change); }

void Box::wait(nat::Tick ticks) {
  now_ += ticks;
  resumed_.clear();
  for (unsigned worker = 0; worker < pipelines_.size(); ++worker) {
    auto& pipeline = *pipelines_[worker];
    pipeline.expire(*snapshot_, now_, std::max(pipeline.v4().flows().capacity(), kFragmentedMax));
    dataplane::Burst burst;
    if (pipeline.resume(burst)) run(worker, burst);
  }
  work();
  clear_away();
}

const std::vector<Departure>& Box::send(const std::vector<Arrival>& arrivals) {
  assert(arrivals.size() <= dataplane::kBurstMax);
  resumed_.clear();
  std::vector<const Traveller*> sent;
  for (const Arrival& arrival : arrivals) {
    if (idle_.empty()) idle_.push_back(std::make_unique<Traveller>());
    present_.push_back(std::move(idle_.back()));
    idle_.pop_back();
    Traveller& traveller = *present_.back();
    traveller.arrival = arrival;
    traveller.memory.place(arrival.frame, arrival.side);
    traveller.is_joined = traveller.is_held = false;
    traveller.is_new = true;
    traveller.handed_over = 0;
    inboxes_[arrival.worker % inboxes_.size()].push_back(&traveller);
    sent.push_back(&traveller);
  }
  work();
  departures_.clear();
  for (const Traveller* traveller : sent) {
    const View frame = traveller->memory.frame();
    departures_.push_back({traveller->packet.verdict, traveller->packet.port, Bytes(frame.begin(), frame.end())});
  }
  clear_away();
  return departures_;
}

void Box::clear_away() {
  std::erase_if(present_, [this](auto& traveller) {
    traveller->is_new = false;
    if (traveller->is_held) return false;
    idle_.push_back(std::move(traveller));
    return true;
  });
}

void Box::work() {
  while (std::ranges::any_of(inboxes_, [](const auto& inbox) { return !inbox.empty(); })) {
    auto inboxes = std::exchange(inboxes_, std::vector<std::deque<Traveller*>>(inboxes_.size()));
    for (unsigned worker = 0; worker < inboxes.size(); ++worker) {
      for (auto& inbox = inboxes[worker]; !inbox.empty();) {
        dataplane::Burst burst;
        for (; !inbox.empty() && burst.size() < dataplane::kBurstMax; inbox.pop_front()) {
          Traveller& traveller = *inbox.front();
          const View frame = traveller.memory.frame();
          auto& packet = burst.add(const_cast<std::uint8_t*>(frame.data()), static_cast<std::uint16_t>(frame.size()),
                                   traveller.arrival.port, &traveller);
          if (traveller.is_joined) packet.join(traveller.ports);
        }
        run(worker, burst);
      }
    }
  }
}

void Box::run(unsigned worker, dataplane::Burst& burst) {
  do {
    if (const bool is_looked_at = processed_ % 2 == 1; is_looked_at) {
      capture_.begin(now_, *snapshot_, dataplane::Origin::kPort);
      pipelines_[worker]->process(*snapshot_, now_, burst, capture_);
      capture_.finish(burst, now_);
      while (capture_.ring().front() != nullptr) capture_.ring().pop();
    } else {
      pipelines_[worker]->process(*snapshot_, now_, burst);
    }
    processed_ += burst.size();
    for (const auto& packet : burst) settle(worker, packet);
  } while (pipelines_[worker]->resume(burst));
}

void Box::settle(unsigned worker, const dataplane::Packet& packet) {
  auto& traveller = *static_cast<Traveller*>(packet.buffer);
  traveller.packet = packet;
  if (packet.verdict == Verdict::kHeld) {
    traveller.is_held = true;
    return;
  }
  if (packet.verdict == Verdict::kToWorker && traveller.handed_over < 2) {
    ++traveller.handed_over;
    traveller.is_joined = packet.content != dataplane::Content::kFragment;
    traveller.ports = packet.ports_of_key();
    inboxes_[pipelines_[worker]->owner(*snapshot_, packet)].push_back(&traveller);
    return;
  }
  judge(traveller);
  if (!std::exchange(traveller.is_held, false) || traveller.is_new) return;
  const View frame = traveller.memory.frame();
  resumed_.push_back({packet.verdict, packet.port, Bytes(frame.begin(), frame.end())});
}

void Box::judge(const Traveller& traveller) {
  const dataplane::Packet& packet = traveller.packet;
  const Bytes& before = traveller.arrival.frame;
  const auto complain = [&](const std::string& what) {
    complaints_.push_back(what + " (" + std::string{dataplane::name(packet.verdict)} + "): " + in_hex(before));
  };
  const View after = traveller.memory.frame();
  const auto body_of = [](View frame) { return frame.subspan(std::min(frame.size(), kEthernet)); };
  if (packet.verdict == Verdict::kContinue) complain("a packet got no verdict");
  if (packet.verdict == Verdict::kToWorker) complain("a packet was handed over too often");
  if (traveller.handed_over == 2 && layout_of(before)) complain("a whole packet was handed over twice");
  if (!traveller.memory.is_intact()) complain("bytes beside the frame were written");
  if (!is_sent(packet.verdict)) {
    if (!std::ranges::equal(before, after)) complain("a packet that is not sent was changed");
    return;
  }
  if (packet.port >= snapshot_->ports.size()) complain("a packet leaves by a port that is not there");
  if (!sums_hold(packet.verdict, before, after)) complain("checksums became wrong, " + in_hex(after));
  if (std::ranges::equal(body_of(View{before}), body_of(after))) complain("a packet leaves as it came");
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
  std::size_t waiting = 0;
  for (auto& pipeline : pipelines_) waiting += pipeline->fragments().waiting();
  if (waiting != present_.size()) complaints_.push_back("buffers that are held, and those that wait, are not as many");
  if (counted != processed_) complaints_.push_back("not every packet was counted once");
}

}  // namespace sluice::packets
