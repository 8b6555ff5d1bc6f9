// parse() of any bytes: what it says of them must be true.

#include <cstdlib>
#include <cstring>
#include <memory>

#include "dataplane/parse.h"

namespace sluice::fuzz {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void parse_one(const std::uint8_t* data, std::size_t size) {
  const std::unique_ptr<std::uint8_t[]> bytes{new std::uint8_t[size]};  // AddressSanitizer watches both its ends.
  if (size > 0) std::memcpy(bytes.get(), data, size);
  dataplane::Packet packet{.data = bytes.get(), .length = static_cast<std::uint16_t>(size)};
  const auto verdict = dataplane::parse(packet);
  require(size == 0 || std::memcmp(bytes.get(), data, size) == 0);
  if (verdict != dataplane::Verdict::kContinue) return;
  require(packet.l3 >= sizeof(net::EthernetHeader) && packet.l3 < size);
  if (packet.has_ports()) require(packet.l4 > packet.l3 && packet.l4 + sizeof(net::UdpHeader) <= size);
}

}  // namespace
}  // namespace sluice::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size <= 65'535) sluice::fuzz::parse_one(data, size);
  return 0;
}
