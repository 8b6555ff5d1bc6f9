#include "control/admin/frame.h"

#include <array>
#include <cassert>
#include <cstdint>
#include <cstring>

namespace sluice::control::admin {
namespace {

std::size_t length_of(std::string_view frame) {
  std::array<std::uint8_t, kFrameHeaderSize> bytes;
  std::memcpy(bytes.data(), frame.data(), bytes.size());
  return std::size_t{bytes[0]} << 24 | std::size_t{bytes[1]} << 16 | std::size_t{bytes[2]} << 8 | bytes[3];
}

}  // namespace

std::string to_frame(const google::protobuf::MessageLite& message) {
  const std::size_t length = message.ByteSizeLong();
  assert(length <= kResponseSizeMax);
  std::string frame;
  frame.reserve(kFrameHeaderSize + length);
  for (const int shift : {24, 16, 8, 0}) frame.push_back(static_cast<char>(length >> shift & 0xff));
  message.AppendToString(&frame);
  return frame;
}

base::Result<std::optional<std::string>> FrameReader::next() {
  if (buffer_.size() < kFrameHeaderSize) return std::nullopt;
  const std::size_t length = length_of(buffer_);
  if (length > size_max_) {
    return base::fail("a frame of " + std::to_string(length) + " bytes is announced, but " + std::to_string(size_max_) +
                      " is the most: is this the protocol of sluice?");
  }
  if (buffer_.size() < kFrameHeaderSize + length) return std::nullopt;
  std::string message = buffer_.substr(kFrameHeaderSize, length);
  buffer_.erase(0, kFrameHeaderSize + length);
  return message;
}

}  // namespace sluice::control::admin
