#include "control/admin/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/admin/admin.pb.h"

namespace sluice::control::admin {
namespace {

using ::testing::HasSubstr;

sluice::admin::Response some_response() {
  sluice::admin::Response response;
  response.set_error("no");
  return response;
}

TEST(Frame, StartsWithItsLengthInNetworkOrder) {
  EXPECT_EQ(to_frame(some_response()), (std::string{'\0', '\0', '\0', '\4', '\12', '\2', 'n', 'o'}));
}

TEST(Frame, OfAnEmptyMessageIsItsLengthAlone) { EXPECT_EQ(to_frame(sluice::admin::Request{}), std::string(4, '\0')); }

TEST(FrameReader, PutsAFrameTogetherFromSingleBytes) {
  FrameReader reader{kRequestSizeMax};
  const std::string frame = to_frame(some_response());

  for (const char byte : frame.substr(0, frame.size() - 1)) {
    reader.append({&byte, 1});
    EXPECT_EQ(reader.next().value(), std::nullopt);
  }
  reader.append(frame.substr(frame.size() - 1));

  EXPECT_EQ(reader.next().value(), some_response().SerializeAsString());
}

TEST(FrameReader, TakesTwoFramesAndAHalfFromOnePiece) {
  FrameReader reader{kRequestSizeMax};
  const std::string frame = to_frame(some_response());

  reader.append(frame + frame + frame.substr(0, 5));

  EXPECT_TRUE(reader.next().value().has_value());
  EXPECT_TRUE(reader.next().value().has_value());
  EXPECT_EQ(reader.next().value(), std::nullopt);
}

TEST(FrameReader, TakesAFrameOfExactlyTheMaximum) {
  FrameReader reader{3};
  reader.append(std::string{'\0', '\0', '\0', '\3', 'a', 'b', 'c'});
  EXPECT_EQ(reader.next().value(), "abc");
}

TEST(FrameReader, RefusesALengthAboveTheMaximumBeforeTheBytesCome) {
  FrameReader reader{3};
  reader.append(std::string{'\0', '\0', '\0', '\4'});
  EXPECT_THAT(reader.next().message(), HasSubstr("a frame of 4 bytes"));
}

}  // namespace
}  // namespace sluice::control::admin
