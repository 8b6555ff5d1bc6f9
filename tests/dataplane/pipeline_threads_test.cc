// What workers and control share, with real threads and without EAL: the slot of the snapshot, counters, the last
// drops, questions about flows. ThreadSanitizer watches it in `./check --suite tsan`.

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/capture.h"
#include "dataplane/dpdk/flow_query.h"
#include "dataplane/pipeline.h"
#include "tests/cases/case.h"

namespace sluice::dataplane {
namespace {

constexpr unsigned kWorkers = 2;
constexpr int kRounds = 50;  // Of control, each with a new snapshot and a question to every worker.

std::vector<cases::Bytes> first_segments() {
  std::vector<cases::Bytes> frames;
  for (std::uint16_t port = 1; port <= kBurstMax; ++port) {
    auto frame = cases::from_client(80, net::kTcpSyn);
    frame.source_port = port;
    frames.push_back(cases::bytes_of(frame));
  }
  return frames;
}

struct Shared {
  std::atomic<const Snapshot*> snapshot{nullptr};
  std::atomic<bool> stop{false};
  std::shared_ptr<AffinityTable> affinities = std::make_shared<AffinityTable>(64, 9);
  std::shared_ptr<ConnectionLimits> limits = std::make_shared<ConnectionLimits>(16, 64, 9);
};

class Worker {
 public:
  Worker(Shared& shared, unsigned number)
      : shared_{shared},
        pipeline_{{.worker = number,
                   .workers = kWorkers,
                   .flows_max = 16,
                   .explicit_pages = nat::ExplicitPages::kAvoid,
                   .snat_addresses = {cases::kSnat},
                   .snat_ports = {40'000, 40'063},
                   .affinities = shared.affinities,
                   .limits = shared.limits}} {}

  void run() {
    for (nat::Tick now = 0; !shared_.stop.load(std::memory_order_relaxed); ++now) {
      const Snapshot& snapshot = *shared_.snapshot.load(std::memory_order_acquire);
      auto frames = kFrames;
      Burst burst;
      for (auto& frame : frames) burst.add(frame.data(), static_cast<std::uint16_t>(frame.size()), 0, nullptr);
      process(snapshot, now, burst);
      pipeline_.expire(snapshot, now, 16);
      queries.work(snapshot, pipeline_, now);
      pipeline_.counters().turns.add(1);
      epoch_left.store(snapshot.epoch, std::memory_order_release);
      turns_left.store(turns_left.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }
  }

  const WorkerCounters& counters() { return pipeline_.counters(); }
  std::uint64_t snat_in_use() const { return pipeline_.v4().snat_usage()[0].in_use; }

  dpdk::FlowQueryBox queries;
  std::atomic<std::uint32_t> epoch_left{0};  // Of the snapshot that the last whole turn was served from.
  std::atomic<std::uint64_t> turns_left{0};
  std::atomic<Capture*> capture{nullptr};

 private:
  void process(const Snapshot& snapshot, nat::Tick now, Burst& burst) {
    Capture* const armed = capture.load(std::memory_order_acquire);
    if (armed == nullptr) return pipeline_.process(snapshot, now, burst);
    armed->begin(now, snapshot, Origin::kPort);
    pipeline_.process(snapshot, now, burst, *armed);
    armed->finish(burst, now);
  }

  static const std::vector<cases::Bytes> kFrames;

  Shared& shared_;
  Pipeline pipeline_;
};
const std::vector<cases::Bytes> Worker::kFrames = first_segments();

// Of services that look at what workers share.
std::unique_ptr<Snapshot> with_affinity_and_limits() {
  auto snapshot = cases::make_snapshot(1, {.limit = {.a_second = 100'000, .a_second_by_client = 10'000}});
  for (auto& port : snapshot->v4.service_ports) port.affinity_seconds = 600;
  return snapshot;
}

// Publishes and frees as an engine does: what no worker can be reading any more.
class Control {
 public:
  explicit Control(Shared& shared) : shared_{shared} { publish(with_affinity_and_limits()); }

  // The new one shares its tables with the one before, as unchanged services do.
  void publish_next(const std::vector<std::unique_ptr<Worker>>& workers) {
    auto next = std::make_unique<Snapshot>(*snapshots_.back());
    ++next->epoch;
    publish(std::move(next));
    std::uint32_t oldest = snapshots_.back()->epoch;
    for (const auto& worker : workers) oldest = std::min(oldest, worker->epoch_left.load(std::memory_order_acquire));
    std::erase_if(snapshots_, [&](const auto& snapshot) { return snapshot->epoch < oldest; });
  }

 private:
  void publish(std::unique_ptr<Snapshot> snapshot) {
    snapshots_.push_back(std::move(snapshot));
    shared_.snapshot.store(snapshots_.back().get(), std::memory_order_release);
  }

  Shared& shared_;
  std::vector<std::unique_ptr<Snapshot>> snapshots_;
};

std::unique_ptr<dpdk::FlowQuery> ask(Worker& worker) {
  auto query = std::make_unique<dpdk::FlowQuery>();
  query->limit = 8;
  query->found.reserve(query->limit);
  while (!worker.queries.ask(query)) std::this_thread::yield();
  std::unique_ptr<dpdk::FlowQuery> answer;
  while ((answer = worker.queries.collect()) == nullptr) std::this_thread::yield();
  return answer;
}

// Arms a capture, drains some, and takes it away as an engine does. Answers how many packets were seen.
std::size_t capture_some(Worker& worker) {
  Capture capture{{.snaplen = 64, .ring_bytes = 1}, 0};
  worker.capture.store(&capture, std::memory_order_release);
  std::size_t seen = 0;
  while (seen < 3 * Capture::kSlotsMin || capture.lost() == 0) {
    const CapturedPacket* packet = capture.ring().front();
    if (packet == nullptr) {
      std::this_thread::yield();
      continue;
    }
    EXPECT_EQ(packet->destination_port, net::Be16{80});
    EXPECT_EQ(capture.ring().front_bytes().came.size(), 54U);
    capture.ring().pop();
    ++seen;
  }
  worker.capture.store(nullptr, std::memory_order_release);
  const std::uint64_t turns = worker.turns_left.load(std::memory_order_acquire);
  while (worker.turns_left.load(std::memory_order_acquire) < turns + 2) std::this_thread::yield();
  return seen;
}

TEST(PipelineThreads, ShareACaptureThatComesAndGoes) {
  Shared shared;
  Control control{shared};
  Worker worker{shared, 0};
  std::thread thread{[&] { worker.run(); }};
  for (int round = 0; round < 3; ++round) EXPECT_GE(capture_some(worker), 3 * Capture::kSlotsMin);
  shared.stop.store(true);
  thread.join();
}

TEST(PipelineThreads, ShareSnapshotsCountersAndQuestionsWithControl) {
  Shared shared;
  Control control{shared};
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::thread> threads;
  for (unsigned number = 0; number < kWorkers; ++number) workers.push_back(std::make_unique<Worker>(shared, number));
  for (auto& worker : workers) threads.emplace_back([&worker] { worker->run(); });
  std::uint64_t turns = 0;
  for (int round = 0; round < kRounds; ++round) {
    control.publish_next(workers);
    for (auto& worker : workers) {
      const auto answer = ask(*worker);
      EXPECT_LE(answer->found.size(), answer->limit);
      for (const FlowRecord& record : answer->found) EXPECT_EQ(record.node_port, net::Be16{30080});
      EXPECT_LE(worker->snat_in_use(), 16U);
    }
    const std::uint64_t seen = workers[0]->counters().turns.get();
    EXPECT_GE(seen, turns);
    turns = seen;
  }
  shared.stop.store(true);
  for (auto& thread : threads) thread.join();
  for (auto& worker : workers) {
    std::uint64_t packets = 0;
    for (const Counter& counter : worker->counters().packets) packets += counter.get();
    EXPECT_EQ(packets, worker->counters().turns.get() * kBurstMax);
  }
}

// A record that is read while it is written is whole or none.
TEST(PipelineThreads, LetControlReadDropsWhileTheyAreWritten) {
  DroppedPacketSlot slot;
  std::atomic<bool> stop{false};
  std::thread worker{[&] {
    for (std::uint8_t number = 1; !stop.load(std::memory_order_relaxed); ++number) {
      DroppedPacket packet{.when = number, .length = number, .port = number};
      packet.bytes.fill(number);
      slot.write(packet);
    }
  }};
  for (int seen = 0; seen < 10'000;) {
    const auto packet = slot.read();
    if (!packet) continue;
    ++seen;
    DroppedPacket whole{.when = packet->port, .length = packet->port, .port = packet->port};
    whole.bytes.fill(packet->port);
    ASSERT_EQ(*packet, whole);
  }
  stop.store(true);
  worker.join();
}

// Control asks again as soon as it may: no question gets lost, whatever the worker is just doing.
TEST(PipelineThreads, AnswerEveryQuestionThatWasTaken) {
  dpdk::FlowQueryBox queries;
  const Pipeline pipeline{{.flows_max = 16, .explicit_pages = nat::ExplicitPages::kAvoid}};
  std::atomic<bool> stop{false};
  std::thread worker{[&] {
    while (!stop.load(std::memory_order_relaxed)) queries.work(Snapshot{}, pipeline, 0);
  }};
  constexpr unsigned kQuestions = 500;
  unsigned taken = 0, answered = 0;
  while (answered < kQuestions) {
    auto query = std::make_unique<dpdk::FlowQuery>();
    if (taken < kQuestions && queries.ask(query)) ++taken;
    ASSERT_LE(taken - answered, 1U) << "a second question was taken before the first one's answer was collected";
    if (queries.collect() != nullptr) ++answered;
    if (taken > answered) std::this_thread::yield();
  }
  stop.store(true);
  worker.join();
}

}  // namespace
}  // namespace sluice::dataplane
