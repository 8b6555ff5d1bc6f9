#include "control/delivery.h"

#include <gtest/gtest.h>

#include "tests/control/reconcile_world.h"

namespace sluice::control {
namespace {

using lb::Delivery;

ipam::Pool delivered(ipam::Pool pool, Delivery delivery) {
  pool.delivery = delivery;
  return pool;
}

kube::Service asking(const char* delivery) {
  auto asking = service("web");
  asking.meta.annotations[std::string{kDeliveryAnnotation}] = delivery;
  return asking;
}

TEST(Delivery, IsThatOfThePool) {
  for (const Delivery delivery : lb::kDeliveries) {
    ReconcileWorld world;
    world.pools() = {delivered(pool("public", "203.0.113.64/28"), delivery)};
    world.east().put(service("web"));
    const auto web = world.reconcile("default/web");
    EXPECT_EQ(to_string(web.delivery), to_string(delivery));
    EXPECT_TRUE(web.notes.empty());
  }
}

TEST(Delivery, IsThatOfTheServiceIfItAsksForOne) {
  ReconcileWorld world;
  world.pools() = {delivered(pool("public", "203.0.113.64/28"), Delivery::kDnat)};
  for (const Delivery delivery : lb::kDeliveries) {
    world.east().put(asking(std::string{to_string(delivery)}.c_str()));
    EXPECT_EQ(to_string(world.reconcile("default/web").delivery), to_string(delivery));
  }
}

TEST(Delivery, StaysWithAWrongWordAndSaysSo) {
  ReconcileWorld world;
  world.pools() = {delivered(pool("public", "203.0.113.64/28"), Delivery::kDnat)};
  for (const char* wrong : {"DSR", "", "full_nat", "dsr "}) {
    world.east().put(asking(wrong));
    const auto web = world.reconcile("default/web");
    EXPECT_EQ(web.delivery, Delivery::kDnat);
    ASSERT_EQ(web.notes.size(), 1U);
    EXPECT_EQ(web.notes[0], "annotation sluice.dev/delivery: expected full-nat, dnat or dsr, got \"" +
                                std::string{wrong} + "\"; it is dnat, as if it were not there");
  }
}

TEST(Delivery, NeedsNodePortsUnlessTheNodeServesTheVip) {
  for (const Delivery delivery : lb::kDeliveries) {
    ReconcileWorld world;
    auto without = asking(std::string{to_string(delivery)}.c_str());
    without.ports[0].node_port = 0;
    world.east().put(without);
    world.east().put(slice("web", "a", {endpoint("10.1.0.1", "node-1")}));
    const auto web = world.reconcile("default/web");
    EXPECT_EQ(web.ports[0].is_served(), delivery == Delivery::kDsr) << to_string(delivery);
    EXPECT_EQ(web.ports[0].backends.empty(), delivery != Delivery::kDsr) << to_string(delivery);
  }
}

}  // namespace
}  // namespace sluice::control
