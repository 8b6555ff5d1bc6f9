#pragma once
// Frames of SCTP that the cases of it begin with: client:40000 → VIP:2905, node 1:30905. See case.h.

#include <string>
#include <vector>

#include "tests/cases/case.h"

namespace sluice::cases {

inline constexpr std::uint16_t kSignallingPort = 2905, kSignallingNodePort = 30'905;
inline constexpr std::uint32_t kClientTag = 0x11223344, kNodeTag = 0xaabbccdd;  // What each wants to be called by.
inline constexpr std::uint8_t kSack = 3, kHeartbeat = 4;

// The value of an INIT or INIT ACK.
std::string init_value(std::uint32_t initiate_tag);
// A chunk as bytes, to stand behind another one.
std::string chunk_bytes(std::uint8_t type, const std::string& value);

// Makes a packet of SCTP of a frame: from the client (tag of the node) or from the node.
Frame client_chunk(Frame frame, std::uint8_t type, std::string value = {});
Frame node_chunk(Frame frame, std::uint8_t type, std::string value = {});
inline Frame client_packet(std::uint8_t type, std::string value = {}) {  // As the client sends it.
  return client_chunk(from_client(kSignallingPort, 0), type, std::move(value));
}

// Through full NAT, and what goes on.
Step client_sends(std::string what, std::uint8_t type, std::string value = {});
Step node_sends(std::string what, std::uint8_t type, std::string value = {});
std::vector<Step> associated();  // The handshake.
Case after_associating(std::string name, std::vector<Step> rest);

Step aborted(Step step);  // By an ABORT with the tag of the packet, reflected.
// By this chunk alone.
Step answered(Step step, dataplane::Verdict verdict, std::uint8_t type, std::uint8_t flags, std::uint32_t tag);

// The same between the IPv6 addresses of the same hosts, beside the case itself.
std::vector<Case> of_both_families(std::vector<Case> cases);

}  // namespace sluice::cases
