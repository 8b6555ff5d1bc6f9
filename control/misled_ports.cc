#include "control/misled_ports.h"

namespace sluice::control {
namespace {

constexpr std::uint64_t kPacketsMin = 10'000;
constexpr std::uint64_t kMisledPercent = 40;  // A device that spreads by another rule misleads half and more.

}  // namespace

std::vector<std::string> misled_ports(std::span<const dataplane::PortStatus> ports, NodesAnswer nodes_answer) {
  std::vector<std::string> sentences;
  if (nodes_answer == NodesAnswer::kClients) return sentences;
  for (const auto& port : ports) {
    if (!port.why_handed_over.empty() || port.queues < 2 || port.rx_packets < kPacketsMin) continue;
    if (port.handed_over * 100 < port.rx_packets * kMisledPercent) continue;
    sentences.push_back("port " + port.name + ": the device took our RSS key and table, but does not go by them: " +
                        std::to_string(port.handed_over * 100 / port.rx_packets) +
                        " % of its packets are handed from one worker to another");
  }
  return sentences;
}

}  // namespace sluice::control
