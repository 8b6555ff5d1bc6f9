// The readers of what the Kubernetes API answers, on any bytes.

#include <cstdint>

#include "control/kube/decode.h"

namespace sluice::control::kube {
namespace {

template <typename Object>
void decode(std::string_view json) {
  static_cast<void>(decode_object<Object>(json));
  static_cast<void>(decode_page<Object>(json));
  static_cast<void>(decode_event<Object>(json));
}

}  // namespace
}  // namespace sluice::control::kube

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::control::kube;
  const std::string_view json{reinterpret_cast<const char*>(data), size};
  decode<Service>(json);
  decode<Node>(json);
  decode<EndpointSlice>(json);
  static_cast<void>(decode_status_message(json));
  return 0;
}
