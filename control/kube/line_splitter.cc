#include "control/kube/line_splitter.h"

#include <utility>

namespace sluice::control::kube {

void LineSplitter::feed(std::string_view bytes, const std::function<Next(std::string_view line)>& on_line) {
  while (true) {
    const auto end = bytes.find('\n');
    if (end == std::string_view::npos) {
      rest_.append(bytes);
      return;
    }
    auto line = std::exchange(rest_, {});
    line.append(bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty() && on_line(line) == Next::kStop) return;
  }
}

}  // namespace sluice::control::kube
