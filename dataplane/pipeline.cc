#include "dataplane/pipeline.h"

#include "dataplane/answer.h"
#include "dataplane/parse.h"
#include "dataplane/rewrite.h"
#include "dataplane/steer.h"

namespace sluice::dataplane {
namespace {

constexpr unsigned kReportEvery = 1024;  // Calls of expire().

}  // namespace

Pipeline::Pipeline(const PipelineOptions& options)
    : worker_{options.worker},
      workers_{options.workers},
      flows_{{.capacity = options.flows_max, .seed = options.seed, .explicit_pages = options.explicit_pages}},
      ports_{{.addresses = options.snat_addresses,
              .ports = options.snat_ports,
              .workers = options.workers,
              .worker = options.worker}},
      snat_in_use_(ports_.address_count()) {}

void Pipeline::process(const Snapshot& snapshot, nat::Tick now, Burst& burst) {
  WorkerState state{flows_, ports_};
  burst.each(parse);
  burst.each([&](Packet& packet) { return answer(snapshot, packet); });
  if (workers_ > 1) {
    burst.each(
        [&](Packet& packet) { return owner(snapshot, packet) == worker_ ? Verdict::kContinue : Verdict::kToWorker; });
  }
  // Two steps that only fetch: a bucket's line arrives while the others are hashed, a flow's while others look.
  burst.each([&](Packet& packet) {
    packet.hash = flows_.hash(packet.key);
    flows_.prefetch_bucket(packet.hash);
    return Verdict::kContinue;
  });
  burst.each([&](Packet& packet) {
    flows_.prefetch_flow(packet.hash);
    return Verdict::kContinue;
  });
  burst.each([&](Packet& packet) { return classify(snapshot, state, packet); });
  // In one go: a packet that ends a flow, and opens another in its place, must not meet one before it that is not
  // rewritten yet.
  burst.each([&](Packet& packet) {
    const Verdict steered = steer(snapshot, state, now, packet);
    return steered == Verdict::kContinue ? rewrite(snapshot, packet) : steered;
  });
  count(burst);
}

void Pipeline::expire(const Snapshot& snapshot, nat::Tick now, std::size_t entries_max) {
  flows_.expire(now, snapshot.timeouts, entries_max, [this](const nat::Flow& flow) {
    ports_.release(flow.snat, flow.snat_port, flow.port_group);
    counters_.flows_expired.add(1);
  });
  counters_.flows.set(flows_.size());
  counters_.flows_opened.set(flows_.counters().inserts);
  if (calls_to_report_-- == 0) report();
}

// Adds up over all groups of ports: not for every turn.
void Pipeline::report() {
  calls_to_report_ = kReportEvery;
  for (std::size_t i = 0; i < snat_in_use_.size(); ++i) snat_in_use_[i].set(ports_.usage(i).in_use);
}

unsigned Pipeline::owner(const Snapshot& snapshot, const Packet& packet) const {
  return dataplane::owner(snapshot, packet, workers_, worker_);
}

void Pipeline::count(Burst& burst) {
  for (const Packet& packet : burst) {
    counters_.packets[index(packet.verdict)].add(1);
    counters_.bytes[index(packet.verdict)].add(packet.length);
  }
}

}  // namespace sluice::dataplane
