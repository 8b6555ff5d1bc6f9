#include "control/kube/json_writer.h"

#include <gtest/gtest.h>

namespace sluice::control::kube {
namespace {

TEST(JsonWriter, PutsCommasAndEscapesWhereTheyBelong) {
  JsonWriter json;
  json.begin_object().field("a", "x\"\\\n\x01y").key("b").begin_array().number(-1).null().begin_object().end_object();
  json.end_array().field("c", 7).end_object();
  EXPECT_EQ(json.take(), R"({"a":"x\"\\\n\u0001y","b":[-1,null,{}],"c":7})");
}

}  // namespace
}  // namespace sluice::control::kube
