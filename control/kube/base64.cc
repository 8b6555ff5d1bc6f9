#include "control/kube/base64.h"

#include <cstdint>

namespace sluice::control::kube {
namespace {

constexpr int value_of(char character) {
  if (character >= 'A' && character <= 'Z') return character - 'A';
  if (character >= 'a' && character <= 'z') return character - 'a' + 26;
  if (character >= '0' && character <= '9') return character - '0' + 52;
  if (character == '+') return 62;
  if (character == '/') return 63;
  return -1;
}

constexpr bool is_blank(char character) {
  return character == ' ' || character == '\n' || character == '\r' || character == '\t';
}

}  // namespace

base::Result<std::string> decode_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char character : text) {
    if (is_blank(character)) continue;
    if (character == '=') {
      ++padding;
      continue;
    }
    const int value = value_of(character);
    if (value < 0) return base::fail(std::string{"not base64: '"} + character + "' is no digit of it");
    if (padding > 0) return base::fail("not base64: something follows its '='");
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    ++digits;
    // Every digit but the first of four completes a byte.
    if (digits % 4 == 1) continue;
    const auto spare = (4 - (digits - 1) % 4 - 1) * 2;
    bytes += static_cast<char>((bits >> spare) & 0xff);
  }
  if ((digits + padding) % 4 != 0 || padding > 2) return base::fail("not base64: its length is no multiple of four");
  return bytes;
}

}  // namespace sluice::control::kube
