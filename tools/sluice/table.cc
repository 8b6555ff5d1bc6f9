#include "tools/sluice/table.h"

#include <algorithm>
#include <cassert>
#include <string_view>

#include "tools/sluice/text.h"

namespace sluice::cli {
namespace {

constexpr std::size_t kGap = 2;

// Code points of UTF-8: what we and Kubernetes write takes one column each.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }));
}

std::string cell(std::string text) {
  if (text.empty()) return "-";
  text = printable(text);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

Table::Table(std::vector<std::string> headings) {
  for (auto& heading : headings) {
    is_right_.push_back(heading.starts_with('>'));
    if (is_right_.back()) heading.erase(0, 1);
  }
  rows_.push_back(std::move(headings));
}

void Table::add(std::vector<std::string> cells) {
  assert(cells.size() == is_right_.size());
  std::transform(cells.begin(), cells.end(), cells.begin(), cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths(is_right_.size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string result;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - width(row[i]), ' ');
      if (i != 0) line.append(kGap, ' ');
      line += is_right_[i] ? padding + row[i] : row[i] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + '\n';
  }
  return result;
}

}  // namespace sluice::cli
