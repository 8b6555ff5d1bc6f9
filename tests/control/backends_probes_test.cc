// choose_backends() and probes_for(): what probes make of the nodes that the slices name.

#include <gtest/gtest.h>

#include "control/backends.h"
#include "tests/control/objects.h"

namespace sluice::control {
namespace {

using health::Answer;
using health::Seen;
using health::Standing;
using State = PlannedNode::State;

constexpr std::uint16_t kHealthPort = 31234;
constexpr Seen kPasses{Standing::kPasses, Answer::kYes};
constexpr Seen kSilent{Standing::kFails, Answer::kSilence};

health::Target at(std::string_view address, std::uint16_t port = kHealthPort) { return {ip(address), port}; }

// node-1 to node-3, with an endpoint each but for the last.
kube::ClusterState cluster_with(std::vector<kube::Endpoint> endpoints) {
  kube::ClusterState cluster;
  for (const char* number : {"1", "2", "3"})
    cluster.put(node(std::string{"node-"} + number, std::string{"10.20.0.1"} + number));
  cluster.put(slice("web", "a", std::move(endpoints)));
  return cluster;
}
kube::ClusterState usual_cluster() {
  return cluster_with({endpoint("10.1.0.1", "node-1"), endpoint("10.1.0.2", "node-2")});
}

kube::Service local_service() {
  auto local = service("web");
  local.external_traffic_policy = kube::TrafficPolicy::kLocal;
  local.health_check_node_port = kHealthPort;
  return local;
}

PlannedService choose(const kube::ClusterState& cluster, const kube::Service& service, const health::View& probes) {
  PlannedService planned = with_ports_of(service);
  choose_backends(cluster, service, &probes, planned);
  return planned;
}

std::string chosen(const kube::ClusterState& cluster, const kube::Service& service, const health::View& probes) {
  return text_of(choose(cluster, service, probes).ports.front().backends);
}

TEST(BackendsProbed, AreThoseOfTheSlicesBeforeTheFirstAnswer) {
  EXPECT_EQ(chosen(usual_cluster(), local_service(), {}), "node-1:1 node-2:1");
}

TEST(BackendsProbed, LeaveOutANodeThatHasNotAnsweredYet) {
  const auto planned = choose(usual_cluster(), local_service(), {{at("10.20.0.11"), kPasses}});
  EXPECT_EQ(text_of(planned.ports.front().backends), "node-1:1");
  const auto* waiting = find_node(planned, "node-2");
  EXPECT_EQ(waiting->state, State::kOut);
  EXPECT_EQ(waiting->reason, "1 usable local endpoint; waits for the first answer of its health port");
  EXPECT_EQ(waiting->weight, 0U);
}

TEST(BackendsProbed, LetANodeDrainThatFails) {
  const auto planned =
      choose(usual_cluster(), local_service(), {{at("10.20.0.11"), kPasses}, {at("10.20.0.12"), kSilent}});
  EXPECT_EQ(text_of(planned.ports.front().backends), "node-1:1");
  EXPECT_EQ(find_node(planned, "node-2")->state, State::kDraining);
}

TEST(BackendsProbed, KeepADrainingNodeByItsTerminatingEndpointsWhileItsSuccessorIsAwaited) {
  const auto moving = cluster_with({terminating(endpoint("10.1.0.1", "node-1")),
                                    terminating(endpoint("10.1.0.2", "node-1")), endpoint("10.1.0.3", "node-3")});
  EXPECT_EQ(chosen(moving, local_service(), {{at("10.20.0.11"), kPasses}}), "node-1:2");
  EXPECT_EQ(chosen(moving, local_service(), {{at("10.20.0.11"), kPasses}, {at("10.20.0.13"), kPasses}}), "node-3:1");
}

TEST(BackendsProbed, AskTheNodeProxyUnderPolicyCluster) {
  const auto planned = choose(usual_cluster(), service("web"),
                              {{at("10.20.0.11", kNodeProxyHealthPort), kPasses},
                               {at("10.20.0.12", kNodeProxyHealthPort), kSilent},
                               {at("10.20.0.13", kNodeProxyHealthPort), kPasses}});
  EXPECT_EQ(text_of(planned.ports.front().backends), "node-1:1 node-3:1");
  EXPECT_EQ(find_node(planned, "node-2")->reason, "policy Cluster: every eligible node; its health port is silent");
}

TEST(BackendsProbed, AreNotAskedWithoutAHealthCheckNodePort) {
  auto odd = local_service();
  odd.health_check_node_port = 0;
  EXPECT_EQ(chosen(usual_cluster(), odd, {{at("10.20.0.11"), kPasses}}), "node-1:1 node-2:1");
}

TEST(BackendsProbed, AreChosenForEachPortByItself) {
  auto cluster = usual_cluster();
  auto other = slice("web", "b", {endpoint("10.1.0.9", "node-2")});
  other.ports = {{.name = "metrics", .port = 9100}};
  cluster.put(slice("web", "a", {endpoint("10.1.0.1", "node-1")}));
  cluster.put(other);
  auto both = local_service();
  both.ports.push_back({.name = "metrics", .port = 9100, .node_port = 30910});
  const auto planned = choose(cluster, both, {{at("10.20.0.11"), kPasses}, {at("10.20.0.12"), kSilent}});
  EXPECT_EQ(text_of(planned.ports[0].backends), "node-1:1");
  EXPECT_EQ(text_of(planned.ports[1].backends), "node-2:1") << "nobody else has this port";
}

// --- Whom to ask ---

std::string wished(const PlannedService& service) {
  Plan plan;
  plan.services = {service};
  std::string text;
  for (const auto& wish : probes_for(plan)) {
    text += (text.empty() ? "" : " ") + wish.target.address.to_string() + ":" + std::to_string(wish.target.port) +
            (wish.trust == health::Trust::kGranted ? "+" : "");
  }
  return text;
}

TEST(ProbesFor, AskNodesThatServeOrDrainAndTrustThoseThatGotInAtOnce) {
  const auto cluster = cluster_with(
      {endpoint("10.1.0.1", "node-1"), endpoint("10.1.0.2", "node-2"), terminating(endpoint("10.1.0.3", "node-3"))});
  auto planned = choose(cluster, local_service(), {{at("10.20.0.11"), kPasses}});
  EXPECT_EQ(wished(planned), "") << "it has no address";
  planned.vips = {{.address = ip("203.0.113.64"), .pool = "public", .reason = "first free"}};
  EXPECT_EQ(wished(planned), "10.20.0.11:31234 10.20.0.12:31234 10.20.0.13:31234") << "nobody knows its address";
  planned.is_published = true;
  EXPECT_EQ(wished(planned), "10.20.0.11:31234+ 10.20.0.12:31234 10.20.0.13:31234");
}

TEST(ProbesFor, AskNobodyWhomTheSlicesRuleOut) {
  auto planned = choose(usual_cluster(), local_service(), {});
  planned.vips = {{.address = ip("203.0.113.64"), .pool = "public", .reason = "first free"}};
  planned.is_published = true;
  EXPECT_EQ(wished(planned), "10.20.0.11:31234+ 10.20.0.12:31234+");
}

TEST(ProbesFor, AskANodeThatOnlyALaterPortWaitsFor) {
  auto cluster = usual_cluster();
  auto first = slice("web", "a", {endpoint("10.1.0.1", "node-1")});
  auto second = slice("web", "b", {endpoint("10.1.0.1", "node-1"), endpoint("10.1.0.9", "node-2")});
  second.ports = {{.name = "metrics", .port = 9100}};
  cluster.put(first);
  cluster.put(second);
  auto both = local_service();
  both.ports.push_back({.name = "metrics", .port = 9100, .node_port = 30910});
  auto planned = choose(cluster, both, {{at("10.20.0.11"), kPasses}});
  planned.vips = {{.address = ip("203.0.113.64"), .pool = "public", .reason = "first free"}};
  planned.is_published = true;
  EXPECT_EQ(wished(planned), "10.20.0.11:31234+ 10.20.0.12:31234");
}

}  // namespace
}  // namespace sluice::control
