#include "control/captures.h"

#include <algorithm>
#include <utility>

#include "control/explain.h"
#include "control/questions.h"
#include "control/recent_drops.h"
#include "control/trace.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;
using dataplane::CapturedBytes;
using dataplane::CapturedPacket;

constexpr auto kTurnEvery = 2ms;
constexpr auto kPieceEvery = 1s;                           // At least: so that the client knows that we live.
constexpr auto kClientPatience = 10s;                      // That we have with a client that does not read.
constexpr std::size_t kPieceBytes = std::size_t{1} << 20;  // About.
constexpr std::uint32_t kFramesDefault = 10'000, kTracesDefault = 10;
constexpr double kSecondsDefault = 60, kSecondsMost = 86'400;
constexpr std::size_t kSnaplenLeast = 64;
constexpr std::size_t kTraceSnaplen = 256;  // All headers.

std::size_t snaplen_of(std::uint32_t wanted, const std::vector<dataplane::PortStatus>& ports) {
  std::size_t longest = kSnaplenLeast;
  for (const auto& port : ports) longest = std::max(longest, port.mtu + sizeof(net::EthernetHeader) + 4);
  return wanted == 0 ? longest : std::clamp<std::size_t>(wanted, kSnaplenLeast, longest);
}

Reactor::Clock::duration duration_of(double seconds) {
  const double used = seconds > 0 ? std::min(seconds, kSecondsMost) : kSecondsDefault;
  return std::chrono::duration_cast<Reactor::Clock::duration>(std::chrono::duration<double>{used});
}

// A packet is up to two frames.
class FrameRetelling {
 public:
  FrameRetelling(std::vector<std::string> ports, bool with_words) : ports_{std::move(ports)}, with_words_{with_words} {}

  void came(const CapturedPacket& packet, const CapturedBytes& bytes, messages::Captured& to) const {
    auto& frame = add(packet, packet.port, bytes.came, packet.length, to);
    frame.set_time_ns(packet.arrived);
    frame.set_direction("in");
  }
  void sent(const CapturedPacket& packet, const CapturedBytes& bytes, messages::Captured& to) const {
    auto& frame = add(packet, packet.sent_port, bytes.sent, packet.sent_length, to);
    frame.set_time_ns(packet.left);
    frame.set_direction("out");
  }

 private:
  messages::Frame& add(const CapturedPacket& packet, std::uint8_t port, std::span<const std::uint8_t> bytes,
                       std::uint16_t length, messages::Captured& to) const {
    auto& frame = *to.add_frames();
    frame.set_port(ports_[port]);
    frame.set_length(length);
    frame.set_verdict(std::string{name(packet.verdict)});
    if (is_refusal(packet.verdict)) frame.set_instead_of(std::string{name(packet.instead_of)});
    frame.set_worker(packet.worker);
    frame.set_bytes(bytes.data(), bytes.size());
    if (with_words_) set_words(in_words(bytes, length), frame);
    return frame;
  }

  std::vector<std::string> ports_;
  bool with_words_;
};

}  // namespace

Captures::Captures(Reactor& reactor, const Appliance& appliance) : reactor_{reactor}, appliance_{appliance} {}

Captures::~Captures() { reactor_.cancel(timer_); }

void Captures::capture(const messages::CapturePackets& question, const admin::Reply& reply) {
  if (!is_free(reply)) return;
  const auto ports = port_names();
  const auto filter = capture_filter_of(question.filter(), names_of(appliance_), ports);
  if (!filter) return reply(admin::failure(filter.message()));
  const auto status = appliance_.forwarder().port_status();
  const std::size_t snaplen = snaplen_of(question.snaplen(), status);
  Running running{.name = "sluice capture " + describe(question.filter()), .reply = reply};
  running.left = question.count() == 0 ? kFramesDefault : question.count();
  running.packets_a_turn = std::max<std::size_t>(1, kPieceBytes / (2 * snaplen));
  running.lasts = duration_of(question.seconds());
  running.retell = [retelling = FrameRetelling{ports, question.with_words()}](
                       const CapturedPacket& packet, const CapturedBytes& bytes, Running& to, messages::Response& all) {
    auto& captured = *all.mutable_captured();
    if (packet.is_shown_as_it_came && to.left > 0) retelling.came(packet, bytes, captured), --to.left;
    if (packet.is_shown_as_sent && to.left > 0) retelling.sent(packet, bytes, captured), --to.left;
  };
  for (std::size_t i = 0; i < ports.size(); ++i) {
    auto& port = *running.first.mutable_captured()->add_ports();
    port.set_name(ports[i]);
    port.set_mac(status[i].mac.to_string());
    port.set_snaplen(static_cast<std::uint32_t>(snaplen));
  }
  begin(std::move(running), {.filter = *filter, .snaplen = snaplen});
}

void Captures::trace(const messages::TracePackets& question, const admin::Reply& reply) {
  if (!is_free(reply)) return;
  const auto ports = port_names();
  const auto filter = capture_filter_of(question.filter(), names_of(appliance_), ports);
  if (!filter) return reply(admin::failure(filter.message()));
  Running running{.name = "sluice trace " + describe(question.filter()), .reply = reply};
  running.left = question.count() == 0 ? kTracesDefault : question.count();
  running.packets_a_turn = kPieceBytes / (16 * kTraceSnaplen);  // Sentences are longer than bytes.
  running.lasts = duration_of(question.seconds());
  // Told by the names of now: a trace is short.
  running.retell = [this, ports, names = names_of(appliance_)](const CapturedPacket& packet, const CapturedBytes& bytes,
                                                               Running& to, messages::Response& all) {
    if (to.left == 0) return;
    --to.left;
    auto& traced = *all.mutable_traced()->add_packets();
    traced.set_time_ns(packet.arrived);
    traced.set_worker(packet.worker);
    traced.set_port(ports[packet.port]);
    traced.set_verdict(std::string{name(packet.verdict)});
    if (is_refusal(packet.verdict)) traced.set_instead_of(std::string{name(packet.instead_of)});
    const auto& forwarder = appliance_.forwarder();
    const TraceView view{.snapshot = forwarder.snapshot(), .port_names = ports, .rss = forwarder.rss()};
    for (const auto& step : tell_trace(packet, bytes, view)) {
      auto& told = *traced.add_steps();
      told.set_step(step.step);
      told.set_sentence(step.sentence);
    }
    if (packet.flow) ::sluice::control::retell(*packet.flow, names, *traced.mutable_flow());
  };
  running.first.mutable_traced();
  begin(std::move(running), {.filter = *filter, .snaplen = kTraceSnaplen});
}

bool Captures::is_free(const admin::Reply& reply) const {
  if (running_) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - running_->began).count();
    reply(admin::failure("one runs already, for " + std::to_string(seconds) + " s: `" + running_->name +
                         "`; there can be one capture or trace at a time"));
  } else if (is_ending_) {
    reply(admin::failure("the capture before is just ending: ask again"));
  }
  return !running_ && !is_ending_;
}

void Captures::begin(Running running, const dataplane::CaptureOptions& options) {
  while (running.name.ends_with(' ')) running.name.pop_back();
  appliance_.forwarder().start_capture(options);
  running_.emplace(std::move(running));
  running_->reply.piece(running_->first);
  timer_ = reactor_.after(kTurnEvery, [this] { turn(); });
}

void Captures::turn() {
  using Reader = admin::Reply::Reader;
  timer_ = 0;
  if (is_ending_) return let_go();
  const Reader reader = running_->reply.reader();
  const auto now = Clock::now();
  if (reader == Reader::kReady) {
    running_->last_read = now;
    fetch();
    if (!running_) return;
  }
  if (reader == Reader::kGone) return end("the client is gone");
  if (now - running_->last_read > kClientPatience) return end("nobody has read for a while");
  if (now - running_->began > running_->lasts) return end("its time is over");
  timer_ = reactor_.after(kTurnEvery, [this] { turn(); });
}

void Captures::fetch() {
  auto& forwarder = appliance_.forwarder();
  messages::Response response = running_->first;
  if (response.has_captured()) response.mutable_captured()->clear_ports();
  const std::size_t packets_max = std::min<std::size_t>(running_->packets_a_turn, running_->left);
  const std::size_t fetched =
      forwarder.drain_capture(packets_max, [&](const CapturedPacket& packet, const CapturedBytes& bytes) {
        running_->retell(packet, bytes, *running_, response);
      });
  if (fetched == 0 && Clock::now() - running_->last_piece < kPieceEvery) return;
  running_->last_piece = Clock::now();
  if (response.has_captured()) response.mutable_captured()->set_lost(forwarder.capture_lost());
  if (response.has_traced()) response.mutable_traced()->set_lost(forwarder.capture_lost());
  running_->reply.piece(std::move(response));
  if (running_->left == 0) end("it has as many as were wanted");
}

void Captures::end(const std::string& why) {
  messages::Response response = std::move(running_->first);
  const std::uint64_t lost = appliance_.forwarder().capture_lost();
  if (response.has_captured()) {
    response.mutable_captured()->clear_ports();
    response.mutable_captured()->set_lost(lost);
    response.mutable_captured()->set_ended(why);
  } else {
    response.mutable_traced()->set_lost(lost);
    response.mutable_traced()->set_ended(why);
  }
  const admin::Reply reply = running_->reply;
  running_.reset();
  is_ending_ = true;
  let_go();
  reply(response);
}

void Captures::let_go() {
  is_ending_ = !appliance_.forwarder().end_capture();
  if (is_ending_) timer_ = reactor_.after(kTurnEvery, [this] { turn(); });
}

std::vector<std::string> Captures::port_names() const {
  std::vector<std::string> names;
  for (const auto& port : appliance_.options().ports) names.push_back(port.name);
  return names;
}

}  // namespace sluice::control
