#include "tools/sluice/text.h"

#include <cmath>

#include <fmt/format.h>

#include "net/endpoint.h"

namespace sluice::cli {
namespace {

constexpr std::uint64_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

}  // namespace

std::string duration(double seconds) {
  if (!(seconds >= 0)) return "";
  if (seconds < 10) return fmt::format("{:.1f}s", std::floor(seconds * 10) / 10);  // Never "10.0s".
  const auto whole = static_cast<std::uint64_t>(seconds);
  if (whole < kMinute) return fmt::format("{}s", whole);
  if (whole < kHour) return fmt::format("{}m{:02}s", whole / kMinute, whole % kMinute);
  if (whole < kDay) return fmt::format("{}h{:02}m", whole / kHour, whole % kHour / kMinute);
  return fmt::format("{}d{}h", whole / kDay, whole % kDay / kHour);
}

std::string endpoint(std::string_view host, std::uint32_t port) {
  return host.empty() ? "" : net::with_port(host, net::Be16{static_cast<std::uint16_t>(port)});
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "";
  return fmt::format("{:.1f}%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::string yes_or_no(bool value) { return value ? "yes" : "no"; }

bool is_flow_protocol(std::string_view text) { return text == "tcp" || text == "udp" || text == "sctp"; }

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte < 0x20 && byte != '\n') || byte == 0x7f) {
      result += '?';
    } else if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0 &&
               is_continuation(text[i + 1])) {
      result += '?';  // U+0080 to U+009F: control characters too.
      ++i;
    } else {
      result += text[i];
    }
  }
  return result;
}

}  // namespace sluice::cli
