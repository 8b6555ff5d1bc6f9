#pragma once
// `sluice capture` and `sluice trace`, as the daemon has them: arms the workers, fetches what they see every few
// milliseconds, and sends it to who asked until it has enough, its time is over, or it is not there any more.
//
// One at a time. A client that does not read keeps one piece here and the workers' rings full, and loses what comes
// then; after a while it is let go.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "control/admin/server.h"
#include "control/appliance.h"
#include "control/reactor.h"
#include "control/retell.h"

namespace sluice::control {

class Captures {
 public:
  // Both outlive it.
  Captures(Reactor& reactor, const Appliance& appliance);
  ~Captures();
  Captures(const Captures&) = delete;
  Captures& operator=(const Captures&) = delete;

  void capture(const messages::CapturePackets& question, const admin::Reply& reply);
  void trace(const messages::TracePackets& question, const admin::Reply& reply);

 private:
  using Clock = Reactor::Clock;
  using Captured = std::pair<const dataplane::CapturedPacket&, const dataplane::CapturedBytes&>;

  struct Running {
    std::string name;  // How one typed it.
    admin::Reply reply;
    std::uint32_t left = 0;          // Frames or packets that are still wanted.
    std::size_t packets_a_turn = 0;  // So that a piece has a bounded size.
    Clock::duration lasts{};
    // Adds the packet to the response, and counts `left` down.
    std::function<void(const dataplane::CapturedPacket&, const dataplane::CapturedBytes&, Running&,
                       messages::Response&)>
        retell;
    messages::Response first;  // What is said when it is armed.
    Clock::time_point began = Clock::now();
    Clock::time_point last_piece = began;
    Clock::time_point last_read = began;  // When the client had taken all.
  };

  bool is_free(const admin::Reply& reply) const;  // Else it was told.
  void begin(Running running, const dataplane::CaptureOptions& options);
  void turn();
  void fetch();
  void end(const std::string& why);
  void let_go();
  std::vector<std::string> port_names() const;

  Reactor& reactor_;
  const Appliance& appliance_;
  std::optional<Running> running_;
  bool is_ending_ = false;  // Workers may still look at the last one.
  Reactor::TimerId timer_ = 0;
};

}  // namespace sluice::control
