#pragma once
// Messages in a byte stream: 4 bytes of length in network byte order, then that many bytes of protobuf.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <google/protobuf/message_lite.h>

#include "base/result.h"

namespace sluice::control::admin {

inline constexpr std::size_t kFrameHeaderSize = 4;
inline constexpr std::size_t kRequestSizeMax = std::size_t{1} << 20;
inline constexpr std::size_t kResponseSizeMax = std::size_t{256} << 20;  // A million flows fit.

std::string to_frame(const google::protobuf::MessageLite& message);

// Puts frames together from pieces of any size.
class FrameReader {
 public:
  explicit FrameReader(std::size_t size_max) : size_max_{size_max} {}

  void append(std::string_view bytes) { buffer_.append(bytes); }
  // The bytes of the next message once it is there. Fails for a length above the maximum: what follows is no frame.
  base::Result<std::optional<std::string>> next();
  void clear() { buffer_.clear(); }

 private:
  std::size_t size_max_;
  std::string buffer_;
};

}  // namespace sluice::control::admin
