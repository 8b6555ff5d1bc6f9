// The small things: base64, lines, JSON out, delays, percent-encoding.
#include <gtest/gtest.h>

#include "control/kube/base64.h"
#include "control/kube/json_writer.h"
#include "control/kube/line_splitter.h"
#include "control/kube/pace.h"
#include "control/kube/percent.h"

namespace sluice::control::kube {
namespace {

using std::chrono::milliseconds;

TEST(Base64, DecodesTheVectorsOfTheRfc) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"Zg==", "f"},
                                                         {"Zm8=", "fo"},
                                                         {"Zm9v", "foo"},
                                                         {"Zm9vYg==", "foob"},
                                                         {"Zm9vYmE=", "fooba"},
                                                         {"Zm9v\nYmFy", "foobar"}};
  for (const auto& [text, bytes] : vectors) EXPECT_EQ(decode_base64(text).value_or("?"), bytes);
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"Zg", "Zg=", "Z", "====", "Zg==Zg==", "Zm9*", "Z==="}) {
    EXPECT_FALSE(decode_base64(text).has_value()) << text;
  }
}

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

TEST(JsonWriter, PutsCommasAndEscapesWhereTheyBelong) {
  JsonWriter json;
  json.begin_object().field("a", "x\"\\\n\x01y").key("b").begin_array().number(-1).null().begin_object().end_object();
  json.end_array().field("c", 7).end_object();
  EXPECT_EQ(json.take(), R"({"a":"x\"\\\n\u0001y","b":[-1,null,{}],"c":7})");
}

TEST(Backoff, DoublesUpToItsLimitAndBeginsAnew) {
  Pace pace;
  pace.random = [] { return 0.0; };
  Backoff backoff{milliseconds{800}, milliseconds{3'000}};
  EXPECT_EQ(backoff.next(pace), milliseconds{800});
  EXPECT_EQ(backoff.next(pace), milliseconds{1'600});
  EXPECT_EQ(backoff.next(pace), milliseconds{3'000});
  EXPECT_EQ(backoff.next(pace), milliseconds{3'000});
  backoff.reset();
  pace.random = [] { return 0.5; };
  EXPECT_EQ(backoff.next(pace), milliseconds{1'200});
}

TEST(Pace, WritesTimesAsTheApiDoes) {
  Pace pace;
  pace.wall_clock = [] { return std::chrono::system_clock::from_time_t(1'714'564'800); };
  EXPECT_EQ(pace.timestamp(), "2024-05-01T12:00:00Z");
}

TEST(PercentEncode, LeavesOnlyWhatNeedsNoEncoding) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a/b=c+d\xff"), "a%2Fb%3Dc%2Bd%FF");
}

}  // namespace
}  // namespace sluice::control::kube
