#include "dataplane/pipeline.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "dataplane/answer.h"
#include "dataplane/parse.h"
#include "dataplane/rewrite.h"
#include "dataplane/steer.h"

namespace sluice::dataplane {
namespace {

constexpr unsigned kReportEvery = 1024;  // Calls of expire().

constexpr std::array kPassing{Verdict::kToNode, Verdict::kToClient, Verdict::kReply, Verdict::kToKernel,
                              Verdict::kToWorker};
static_assert(std::ranges::all_of(kVerdicts, [](const VerdictInfo& info) {
  const bool passes = info.verdict != Verdict::kContinue && !is_drop(info.verdict) && !is_refusal(info.verdict);
  return std::ranges::count(kPassing, info.verdict) == (passes ? 1 : 0);
}));

}  // namespace

template <typename Family>
FamilyPipeline<Family>::FamilyPipeline(const PipelineOptions& options,
                                       std::span<const typename Family::Address> snat_addresses)
    : flows_{{.capacity = snat_addresses.empty() ? 1 : options.flows_max,
              .seed = options.seed,
              .explicit_pages = options.explicit_pages}},
      ports_{{.addresses = snat_addresses,
              .ports = options.snat_ports,
              .workers = options.workers,
              .worker = options.worker}},
      snat_gauges_(ports_.address_count()) {}

template <typename Family>
bool FamilyPipeline<Family>::process(const Snapshot& snapshot, nat::Tick now, Group& packets) {
  WorkerState<Family> state{flows_, ports_};
  // Two that only fetch: a bucket's line arrives while the others are hashed, a flow's while others look.
  packets.prepare([&](Packet& packet) {
    packet.hash = flows_.hash(packet.key<Family>());
    flows_.prefetch_bucket(packet.hash);
  });
  packets.prepare([&](Packet& packet) { flows_.prefetch_flow(packet.hash); });
  packets.each([&](Packet& packet) { return classify(snapshot, state, packet); });
  // In one go: a packet that ends a flow, and opens another in its place, must not meet one before it that is not
  // rewritten yet.
  packets.each([&](Packet& packet) {
    const Verdict steered = steer(snapshot, state, now, packet);
    return steered == Verdict::kContinue ? rewrite<Family>(snapshot, packet) : steered;
  });
  return state.may_refuse;
}

template <typename Family>
std::size_t FamilyPipeline<Family>::expire(const Snapshot& snapshot, nat::Tick now, std::size_t entries_max) {
  const auto release = [this](const nat::Flow<Family>& flow) {
    ports_.release(flow.snat, flow.snat_port, flow.port_group);
  };
  // Of a Service that was deleted: no packet can belong to it any more, so it need not wait to be idle.
  const auto is_over = [&](const nat::Flow<Family>& flow) {
    return flow.epoch != snapshot.epoch && !serves(snapshot.of<Family>(), flow.service);
  };
  return flows_.expire(now, snapshot.timeouts, entries_max, release, is_over);
}

// Adds up over all groups of ports: not for every turn.
template <typename Family>
void FamilyPipeline<Family>::report() {
  for (std::size_t i = 0; i < snat_gauges_.size(); ++i) {
    const auto usage = ports_.usage(i);
    snat_gauges_[i].in_use.set(usage.in_use);
    snat_gauges_[i].fullest.set(usage.fullest_group);
  }
}

template <typename Family>
std::vector<SnatUsage> FamilyPipeline<Family>::snat_usage() const {
  std::vector<SnatUsage> usage;
  for (std::size_t i = 0; i < snat_gauges_.size(); ++i) {
    usage.push_back({.address = ports_.address(i),
                     .in_use = snat_gauges_[i].in_use.get(),
                     .capacity = ports_.capacity(),
                     .fullest = snat_gauges_[i].fullest.get(),
                     .fullest_max = ports_.group_capacity()});
  }
  return usage;
}

template class FamilyPipeline<net::Ipv4>;
template class FamilyPipeline<net::Ipv6>;

Pipeline::Pipeline(const PipelineOptions& options)
    : worker_{options.worker},
      workers_{options.workers},
      v4_{options, options.snat_addresses},
      v6_{options, options.snat6_addresses},
      refusals_{options.refusals_a_second} {}

void Pipeline::process(const Snapshot& snapshot, nat::Tick now, Burst& burst) {
  burst.each(parse);
  burst.each([&](Packet& packet) { return answer(snapshot, packet); });
  if (workers_ > 1) {
    burst.each(
        [&](Packet& packet) { return owner(snapshot, packet) == worker_ ? Verdict::kContinue : Verdict::kToWorker; });
  }
  Group v4, v6;
  for (Packet& packet : burst) {
    v4.offer(packet, PacketFamily::kIpv4);
    v6.offer(packet, PacketFamily::kIpv6);
  }
  bool may_refuse = false;
  if (!v4.empty()) may_refuse |= v4_.process(snapshot, now, v4);
  if (!v6.empty()) may_refuse |= v6_.process(snapshot, now, v6);
  if (may_refuse) [[unlikely]]
    refuse_drops(now, burst);
  const bool all_passed = count(burst);
  if (!all_passed && !may_refuse) [[unlikely]]
    recent_drops_.record(now, burst);
}

void Pipeline::refuse_drops(nat::Tick now, Burst& burst) {
  for (Packet& packet : burst) {
    packet.verdict = recent_drops_.record(now, packet, [&] { return refuse(refusals_, now, packet); });
  }
}

void Pipeline::expire(const Snapshot& snapshot, nat::Tick now, std::size_t entries_max) {
  counters_.flows_expired.add(v4_.expire(snapshot, now, entries_max) + v6_.expire(snapshot, now, entries_max));
  counters_.flows.set(v4_.flows().size() + v6_.flows().size());
  counters_.flows_fuller.set(std::max(v4_.flows().size(), v6_.flows().size()));
  counters_.flows_opened.set(v4_.flows().counters().inserts + v6_.flows().counters().inserts);
  if (calls_to_report_-- != 0) return;
  calls_to_report_ = kReportEvery;
  v4_.report();
  v6_.report();
}

unsigned Pipeline::owner(const Snapshot& snapshot, const Packet& packet) const {
  return dataplane::owner(snapshot, packet, workers_, worker_);
}

bool Pipeline::count(Burst& burst) {
  for (const Packet& packet : burst) {
    counters_.packets[index(packet.verdict)].add(1);
    counters_.bytes[index(packet.verdict)].add(packet.length);
  }
  // A few counters a burst tell what would cost a look at each packet.
  const std::uint64_t passed =
      std::apply([&](auto... verdict) { return (counters_.packets[index(verdict)].get() + ...); }, kPassing);
  return passed - std::exchange(passed_, passed) == burst.size();
}

}  // namespace sluice::dataplane
