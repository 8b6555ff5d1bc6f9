#include "dataplane/pipeline.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "dataplane/answer.h"
#include "dataplane/parse.h"
#include "dataplane/rewrite.h"
#include "dataplane/sctp.h"
#include "dataplane/steer.h"
#include "dataplane/transport.h"

namespace sluice::dataplane {
namespace {

constexpr unsigned kReportEvery = 1024;  // Calls of expire().

constexpr std::array kPassing{Verdict::kToNode,   Verdict::kToClient, Verdict::kReply,
                              Verdict::kToKernel, Verdict::kToWorker, Verdict::kHeld};
static_assert(std::ranges::all_of(kVerdicts, [](const VerdictInfo& info) {
  const bool passes = info.verdict != Verdict::kContinue && !is_drop(info.verdict) && !is_refusal(info.verdict);
  return std::ranges::count(kPassing, info.verdict) == (passes ? 1 : 0);
}));

bool is_held(const Packet& packet) { return packet.verdict == Verdict::kHeld; }

}  // namespace

template <typename Family>
FamilyPipeline<Family>::FamilyPipeline(const PipelineOptions& options,
                                       std::span<const typename Family::Address> snat_addresses,
                                       std::shared_ptr<const nat::Rss> rss)
    : flows_{{.capacity = snat_addresses.empty() ? 1 : options.flows_max,
              .seed = options.seed,
              .explicit_pages = options.explicit_pages}},
      ports_{{.addresses = snat_addresses,
              .ports = options.snat_ports,
              .rss = std::move(rss),
              .worker = options.worker,
              .seed = options.seed}},
      affinities_{options.affinities},
      limits_{options.limits},
      snat_gauges_(ports_.address_count()) {}

template <typename Family>
template <typename Transport, typename Watch>
bool FamilyPipeline<Family>::process(const Snapshot& snapshot, nat::Tick now, Group& packets, const Watch& watch) {
  WorkerState<Family> state{flows_, ports_, affinities_.get(), limits_.get()};
  // Two that only fetch: a bucket's line arrives while the others are hashed, a flow's while others look.
  packets.prepare([&](Packet& packet) {
    packet.hash = flows_.hash(packet.key<Family>());
    flows_.prefetch_bucket(packet.hash);
  });
  packets.prepare([&](Packet& packet) { flows_.prefetch_flow(packet.hash); });
  const auto classify_it = [&](Packet& packet) { return classify<Transport>(snapshot, state, packet); };
  const auto steer_it = [&](Packet& packet) { return steer<Transport>(snapshot, state, now, packet); };
  const auto rewrite_it = [&](Packet& packet) { return rewrite<Transport, Family>(snapshot, packet); };
  packets.each(watch(Step::kClassify, classify_it));
  // In one go: a packet that ends a flow, and opens another in its place, must not meet one before it that is not
  // rewritten yet.
  packets.each([&](Packet& packet) {
    const Verdict steered = watch(Step::kSteer, steer_it)(packet);
    return steered == Verdict::kContinue ? watch(Step::kRewrite, rewrite_it)(packet) : steered;
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
      rss_{std::make_shared<const nat::Rss>(options.workers, options.seed)},
      v4_{options, options.snat_addresses, rss_},
      v6_{options, options.snat6_addresses, rss_},
      fragments_{options.seed, options.fragmented_max},
      refusals_{options.refusals_a_second} {}

// Those that are on their way. In line: all packets take it.
template <typename Watch>
[[gnu::always_inline]] inline Pipeline::Processed Pipeline::process_families(const Snapshot& snapshot, nat::Tick now,
                                                                             Burst& burst, const Watch& watch) {
  Group v4, v6;
  for (Packet& packet : burst) {
    v4.offer(packet, PacketFamily::kIpv4);
    v6.offer(packet, PacketFamily::kIpv6);
  }
  const std::size_t packets = v4.size() + v6.size();
  bool may_refuse = false;
  if (!v4.empty()) may_refuse |= v4_.process<TcpOrUdp>(snapshot, now, v4, watch);
  if (!v6.empty()) may_refuse |= v6_.process<TcpOrUdp>(snapshot, now, v6, watch);
  return {packets, may_refuse};
}

void Pipeline::process(const Snapshot& snapshot, nat::Tick now, Burst& burst) {
  run(snapshot, now, burst, Unobserved{});
}

void Pipeline::process(const Snapshot& snapshot, nat::Tick now, Burst& burst, Observer& observer) {
  observer.arrived(burst);
  run(snapshot, now, burst, Observed{observer});
}

template <typename Watch>
void Pipeline::run(const Snapshot& snapshot, nat::Tick now, Burst& burst, const Watch& watch) {
  const auto answer_it = [&](Packet& packet) { return answer(snapshot, packet); };
  const auto find_owner = [&](Packet& packet) {
    return dataplane::owner(snapshot, packet, *rss_, worker_) == worker_ ? Verdict::kContinue : Verdict::kToWorker;
  };
  burst.each(watch(Step::kParse, parse));
  burst.each(watch(Step::kAnswer, answer_it));
  if (rss_->workers() > 1) burst.each(watch(Step::kOwner, find_owner));
  auto [packets, may_refuse] = process_families(snapshot, now, burst, watch);
  if (packets < burst.size() && std::ranges::any_of(burst, is_held)) [[unlikely]]
    may_refuse |= process_held(snapshot, now, burst, watch);
  if (may_refuse) [[unlikely]]
    refuse_drops(now, burst);
  const bool all_passed = count(burst);
  if (!all_passed && !may_refuse) [[unlikely]]
    recent_drops_.record(now, burst);
}

// The steps for SCTP, which those for TCP and UDP left alone.
template <typename Watch>
bool Pipeline::process_sctp(const Snapshot& snapshot, nat::Tick now, Burst& burst, const Watch& watch) {
  Group v4, v6;
  for (Packet& packet : burst) {
    if (!packet.is_sctp()) continue;
    v4.offer(packet, PacketFamily::kIpv4);
    v6.offer(packet, PacketFamily::kIpv6);
  }
  bool may_refuse = false;
  if (!v4.empty()) may_refuse |= v4_.process<Sctp>(snapshot, now, v4, watch);
  if (!v6.empty()) may_refuse |= v6_.process<Sctp>(snapshot, now, v6, watch);
  return may_refuse;
}

// SCTP, and fragments. First ones go on like whole packets, and before the later ones: these shall find the flow that
// they open.
template <typename Watch>
[[gnu::cold, gnu::noinline]] bool Pipeline::process_held(const Snapshot& snapshot, nat::Tick now, Burst& burst,
                                                         const Watch& watch) {
  bool has_later = false;
  for (Packet& packet : burst) {
    if (!is_held(packet)) continue;
    Verdict met = meet(snapshot, now, packet);
    if (met == Verdict::kContinue && packet.is_sctp()) met = watch(Step::kParse, check_sctp)(packet);
    const bool waits_for_this_burst = met == Verdict::kContinue && packet.is_later();
    packet.verdict = waits_for_this_burst ? Verdict::kHeld : met;
    has_later |= waits_for_this_burst;
  }
  bool may_refuse = process_sctp(snapshot, now, burst, watch);
  may_refuse |= process_families(snapshot, now, burst, watch).may_refuse;
  if (!has_later) return may_refuse;
  for (Packet& packet : burst) {
    if (is_held(packet) && packet.is_later()) packet.verdict = Verdict::kContinue;
  }
  may_refuse |= process_families(snapshot, now, burst, watch).may_refuse;
  return may_refuse;
}

// A fragment that cannot be of a flow is judged as it is.
Verdict Pipeline::meet(const Snapshot& snapshot, nat::Tick now, Packet& packet) {
  if (packet.content == Content::kFragment) {
    if (!may_have_flow(snapshot, packet)) return Verdict::kContinue;
    if (rss_->workers() > 1 && owner(snapshot, packet) != worker_) return Verdict::kToWorker;
    const Verdict met = fragments_.meet(now, packet);
    if (met != Verdict::kContinue) return met;
  }
  return owner(snapshot, packet) == worker_ ? Verdict::kContinue : Verdict::kToWorker;
}

void Pipeline::refuse_drops(nat::Tick now, Burst& burst) {
  for (Packet& packet : burst) {
    packet.verdict = recent_drops_.record(now, packet, [&] { return refuse(refusals_, now, packet); });
  }
}

void Pipeline::expire(const Snapshot& snapshot, nat::Tick now, std::size_t entries_max) {
  counters_.flows_expired.add(v4_.expire(snapshot, now, entries_max) + v6_.expire(snapshot, now, entries_max));
  fragments_.expire(now, entries_max);
  counters_.flows.set(v4_.flows().size() + v6_.flows().size());
  counters_.flows_fuller.set(std::max(v4_.flows().size(), v6_.flows().size()));
  counters_.flows_opened.set(v4_.flows().counters().inserts + v6_.flows().counters().inserts);
  counters_.flows_evicted.set(v4_.flows().counters().evictions + v6_.flows().counters().evictions);
  if (calls_to_report_-- != 0) return;
  calls_to_report_ = kReportEvery;
  v4_.report();
  v6_.report();
}

unsigned Pipeline::owner(const Snapshot& snapshot, const Packet& packet) const {
  if (packet.content == Content::kFragment) [[unlikely]]
    return fragments_.owner(packet, rss_->workers());
  return dataplane::owner(snapshot, packet, *rss_, worker_);
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
