#pragma once
// Cuts a stream of bytes into lines, as a watch's answer is framed: one JSON object, then a newline. Lines may come in
// any number of pieces; what stands behind the last newline is kept for the next piece.

#include <functional>
#include <string>
#include <string_view>

namespace sluice::control::kube {

class LineSplitter {
 public:
  // Calls `on_line` for every complete line but empty ones. It answers whether to go on: after kStop, or a clear(), the
  // rest of `bytes` is dropped.
  enum class Next : unsigned char { kGoOn, kStop };
  void feed(std::string_view bytes, const std::function<Next(std::string_view line)>& on_line);

  void clear() { rest_.clear(); }
  std::size_t pending_bytes() const { return rest_.size(); }

 private:
  std::string rest_;
};

}  // namespace sluice::control::kube
