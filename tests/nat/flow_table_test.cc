#include "nat/flow_table.h"
#include "nat/translate.h"
#include <gtest/gtest.h>
namespace sluice::nat { namespace {
TEST(FlowTable, FindsAFlowInBothDirections) {
  FlowTable t{{.capacity = 8, .seed = 5}};
  net::FlowKey k{}; k.source_port = net::Be16{5}; k.protocol = net::IpProtocol::kTcp;
  Flow* f = t.insert(make_flow({.client = k, .snat_port = net::Be16{7}}));
  ASSERT_NE(f, nullptr);
  EXPECT_EQ(t.find(k, t.hash(k)).flow, f);
  EXPECT_EQ(t.find(f->to_client_key(), t.hash(f->to_client_key())).direction, Direction::kToClient);
}
}}
