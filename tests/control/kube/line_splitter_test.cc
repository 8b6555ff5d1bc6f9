#include "control/kube/line_splitter.h"

#include <gtest/gtest.h>

namespace sluice::control::kube {
namespace {

TEST(LineSplitter, PutsLinesTogetherHoweverTheyAreCut) {
  const std::string stream = "{\"a\":1}\n\n{\"b\":2}\r\n{\"c\":3}\nrest";
  for (std::size_t step = 1; step <= stream.size(); ++step) {
    LineSplitter splitter;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      splitter.feed(std::string_view{stream}.substr(at, step), [&](std::string_view line) {
        lines.emplace_back(line);
        return LineSplitter::Next::kGoOn;
      });
    }
    EXPECT_EQ(lines, (std::vector<std::string>{"{\"a\":1}", "{\"b\":2}", "{\"c\":3}"})) << step;
    EXPECT_EQ(splitter.pending_bytes(), 4U);
  }
}

TEST(LineSplitter, DropsTheRestWhenItIsToldToStop) {
  LineSplitter splitter;
  int lines = 0;
  splitter.feed("a\nb\nc", [&](std::string_view) {
    ++lines;
    return LineSplitter::Next::kStop;
  });
  EXPECT_EQ(lines, 1);
  EXPECT_EQ(splitter.pending_bytes(), 0U);
}

}  // namespace
}  // namespace sluice::control::kube
