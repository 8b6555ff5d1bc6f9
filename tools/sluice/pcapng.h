#pragma once
// Capture files that Wireshark and tcpdump read: pcapng, of draft-ietf-opsawg-pcapng. One section, an interface a port,
// an enhanced packet block a frame. A file is whole after every block. Pure: answers bytes.
//
// Words are in this machine's byte order, which the section header lets readers know.

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::cli::pcapng {

enum class Direction : std::uint32_t { kInbound = 1, kOutbound = 2 };  // Lowest two bits of epb_flags.

struct Packet {
  std::uint32_t interface = 0;  // In the order of interface blocks.
  std::uint64_t time_ns = 0;    // Since 1970.
  std::uint32_t length = 0;     // Of the whole frame; `bytes` may be fewer.
  Direction direction{};
  std::string_view bytes;
  std::string_view comment;
};

std::string section_header(std::string_view application);
std::string interface_description(std::string_view name, std::uint32_t snaplen);  // Ethernet, times in nanoseconds.
std::string enhanced_packet(const Packet& packet);

}  // namespace sluice::cli::pcapng
