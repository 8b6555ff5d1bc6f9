#pragma once
// How single values look to a human.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

std::string duration(double seconds);                             // "0.4s", "12s", "3m20s", "2h05m", "4d7h"
std::string endpoint(std::string_view host, std::uint32_t port);  // "192.0.2.1:80"; empty without a host
std::string percent(std::uint64_t part, std::uint64_t whole);     // "33.4%"; empty when there is no whole
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string yes_or_no(bool value);
bool is_flow_protocol(std::string_view text);  // "tcp", "udp", "sctp"

// Names and sentences come from clusters, and a terminal obeys control characters: each becomes a '?'. Line ends stay.
std::string printable(std::string_view text);

}  // namespace sluice::cli
