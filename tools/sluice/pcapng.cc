#include "tools/sluice/pcapng.h"

namespace sluice::cli::pcapng {
namespace {

// Block types (4.1, 4.2, 4.3) and option codes (3.5 and there).
constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a, kInterfaceDescription = 1, kEnhancedPacket = 6;
constexpr std::uint16_t kEndOfOptions = 0, kComment = 1, kUserApplication = 4, kName = 2, kTimeResolution = 9,
                        kFlags = 2;
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint16_t kEthernet = 1;  // LINKTYPE_ETHERNET
constexpr char kNanoseconds = 9;        // Negative power of ten.
constexpr std::size_t kOptionMax = 0xffff;

template <typename Number>
void add(std::string& block, Number number) {
  block.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void pad(std::string& block) { block.resize((block.size() + 3) / 4 * 4); }

void add_option(std::string& block, std::uint16_t code, std::string_view value) {
  value = value.substr(0, kOptionMax);
  add(block, code);
  add(block, static_cast<std::uint16_t>(value.size()));
  block.append(value);
  pad(block);
}

void end_options(std::string& block) {
  add(block, kEndOfOptions);
  add(block, std::uint16_t{0});
}

// 3.1: type, length, body, length again.
std::string block_of(std::uint32_t type, const std::string& body) {
  const auto length = static_cast<std::uint32_t>(3 * sizeof(std::uint32_t) + body.size());
  std::string block;
  block.reserve(length);
  add(block, type);
  add(block, length);
  block += body;
  add(block, length);
  return block;
}

}  // namespace

std::string section_header(std::string_view application) {
  std::string body;
  add(body, kByteOrderMagic);
  add(body, std::uint16_t{1});  // Version 1.0
  add(body, std::uint16_t{0});
  add(body, ~std::uint64_t{0});  // The section's length is not known.
  add_option(body, kUserApplication, application);
  end_options(body);
  return block_of(kSectionHeader, body);
}

std::string interface_description(std::string_view name, std::uint32_t snaplen) {
  std::string body;
  add(body, kEthernet);
  add(body, std::uint16_t{0});
  add(body, snaplen);
  add_option(body, kName, name);
  add_option(body, kTimeResolution, {&kNanoseconds, 1});
  end_options(body);
  return block_of(kInterfaceDescription, body);
}

std::string enhanced_packet(const Packet& packet) {
  std::string body;
  add(body, packet.interface);
  add(body, static_cast<std::uint32_t>(packet.time_ns >> 32));
  add(body, static_cast<std::uint32_t>(packet.time_ns));
  add(body, static_cast<std::uint32_t>(packet.bytes.size()));
  add(body, packet.length);
  body.append(packet.bytes);
  pad(body);
  const auto flags = static_cast<std::uint32_t>(packet.direction);
  add_option(body, kFlags, {reinterpret_cast<const char*>(&flags), sizeof flags});
  if (!packet.comment.empty()) add_option(body, kComment, packet.comment);
  end_options(body);
  return block_of(kEnhancedPacket, body);
}

}  // namespace sluice::cli::pcapng
