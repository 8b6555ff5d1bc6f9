#include "control/backends.h"

#include <gtest/gtest.h>

#include "tests/control/objects.h"

namespace sluice::control {
namespace {

using State = PlannedNode::State;

// Three nodes; two endpoints on node-1, one on node-2, none on node-3.
kube::ClusterState usual_cluster() {
  kube::ClusterState cluster;
  cluster.put(node("node-1", "10.20.0.11"));
  cluster.put(node("node-2", "10.20.0.12"));
  cluster.put(node("node-3", "10.20.0.13"));
  cluster.put(slice("web", "a",
                    {endpoint("10.1.0.1", "node-1"), endpoint("10.1.0.2", "node-1"), endpoint("10.1.0.3", "node-2")}));
  return cluster;
}

kube::Service local_service() {
  auto local = service("web");
  local.external_traffic_policy = kube::TrafficPolicy::kLocal;
  return local;
}

PlannedService choose(const kube::ClusterState& cluster, const kube::Service& service) {
  PlannedService planned = with_ports_of(service);
  choose_backends(cluster, service, nullptr, planned);
  return planned;
}

std::string backends_of(const kube::ClusterState& cluster, const kube::Service& service) {
  return text_of(choose(cluster, service).ports.front().backends);
}

// --- Which nodes may serve at all (N1 to N5) ---

TEST(Eligibility, TakesAnOrdinaryNode) {
  const auto eligible = eligibility(node("n", "10.20.0.11"), IpFamily::kIpv4);
  EXPECT_EQ(eligible.state, State::kIn);
  EXPECT_EQ(eligible.address, ip("10.20.0.11"));
}

TEST(Eligibility, ReadsTheExcludeLabelAsABool) {
  struct Row {
    const char* value;
    State state;
  };
  for (const Row& row : {Row{"true", State::kOut}, Row{"", State::kOut}, Row{"yes", State::kOut}, Row{"1", State::kOut},
                         Row{"FaLsE", State::kOut}, Row{"false", State::kIn}, Row{"False", State::kIn},
                         Row{"FALSE", State::kIn}, Row{"f", State::kIn}, Row{"F", State::kIn}, Row{"0", State::kIn}}) {
    auto labelled = node("n", "10.20.0.11");
    labelled.meta.labels["node.kubernetes.io/exclude-from-external-load-balancers"] = row.value;
    EXPECT_EQ(eligibility(labelled, IpFamily::kIpv4).state, row.state) << "value '" << row.value << "'";
  }
}

TEST(Eligibility, LetsANodeDrainThatIsTaintedForRemoval) {
  auto tainted = node("n", "10.20.0.11");
  tainted.taints = {{.key = "ToBeDeletedByClusterAutoscaler", .value = "1700000000", .effect = "NoSchedule"}};
  EXPECT_EQ(eligibility(tainted, IpFamily::kIpv4).state, State::kDraining);
  EXPECT_EQ(eligibility(tainted, IpFamily::kIpv4).address, ip("10.20.0.11"));
}

TEST(Eligibility, LetsANodeDrainThatIsBeingDeleted) {
  auto deleting = node("n", "10.20.0.11");
  deleting.meta.deletion_timestamp = "2026-01-01T00:00:00Z";
  EXPECT_EQ(eligibility(deleting, IpFamily::kIpv4).state, State::kDraining);
}

TEST(Eligibility, ExcludesByLabelEvenWhatDrains) {
  auto both = node("n", "10.20.0.11");
  both.taints = {{.key = "ToBeDeletedByClusterAutoscaler"}};
  both.meta.labels[std::string{kExcludeLabel}] = "true";
  EXPECT_EQ(eligibility(both, IpFamily::kIpv4).state, State::kOut);
}

TEST(Eligibility, DoesNotMindReadinessCordonsOrOtherTaints) {
  auto odd = node("n", "10.20.0.11");
  odd.ready = false;
  odd.unschedulable = true;
  odd.taints = {{.key = "node.kubernetes.io/not-ready", .effect = "NoExecute"}};
  EXPECT_EQ(eligibility(odd, IpFamily::kIpv4).state, State::kIn);
}

TEST(Eligibility, TakesTheFirstInternalAddressOfIpv4) {
  auto dual = node("n", "2001:db8::11");
  dual.internal_ips.push_back(ip("10.20.0.11"));
  dual.internal_ips.push_back(ip("10.20.0.111"));
  EXPECT_EQ(eligibility(dual, IpFamily::kIpv4).address, ip("10.20.0.11"));
}

TEST(Eligibility, LeavesOutANodeWithoutAnInternalAddressOfIpv4) {
  auto outside = node("n", "2001:db8::11");
  outside.external_ips = {ip("198.51.100.7")};
  EXPECT_EQ(eligibility(outside, IpFamily::kIpv4).state, State::kOut);
  EXPECT_EQ(eligibility(outside, IpFamily::kIpv4).reason, "no IPv4 InternalIP");
}

// --- Policy Cluster ---

TEST(Backends, AreAllEligibleNodesUnderPolicyCluster) {
  EXPECT_EQ(backends_of(usual_cluster(), service("web")), "node-1:1 node-2:1 node-3:1");
}

TEST(Backends, AreNoneUnderPolicyClusterWithoutAnyEndpoint) {
  auto cluster = usual_cluster();
  cluster.remove_slice("default/web-a");
  const auto planned = choose(cluster, service("web"));
  EXPECT_TRUE(planned.ports.front().backends.empty());
  EXPECT_EQ(find_node(planned, "node-1")->state, State::kOut);
  EXPECT_EQ(find_node(planned, "node-1")->reason, "the Service has no usable endpoint");
}

TEST(Backends, AreAllNodesUnderPolicyClusterIfOnlyTerminatingEndpointsServe) {
  auto cluster = usual_cluster();
  cluster.put(slice("web", "a", {terminating(endpoint("10.1.0.1", "node-1"))}));
  EXPECT_EQ(backends_of(cluster, service("web")), "node-1:1 node-2:1 node-3:1");
}

TEST(Backends, CountEndpointsOfUnknownPlaceUnderPolicyCluster) {
  auto cluster = usual_cluster();
  cluster.put(slice("web", "a", {endpoint("192.0.2.9", "")}));
  EXPECT_EQ(backends_of(cluster, service("web")), "node-1:1 node-2:1 node-3:1");
}

TEST(Backends, LeaveOutDrainingAndExcludedNodes) {
  auto cluster = usual_cluster();
  cluster.nodes.at("node-1").taints = {{.key = std::string{kAutoscalerTaint}}};
  cluster.nodes.at("node-2").meta.labels[std::string{kExcludeLabel}] = "";
  const auto planned = choose(cluster, service("web"));
  EXPECT_EQ(text_of(planned.ports.front().backends), "node-3:1");
  EXPECT_EQ(find_node(planned, "node-1")->state, State::kDraining);
  EXPECT_EQ(find_node(planned, "node-1")->weight, 0U);
  EXPECT_EQ(find_node(planned, "node-2")->state, State::kOut);
}

// --- Policy Local ---

TEST(Backends, AreNodesWithEndpointsByTheirNumberUnderPolicyLocal) {
  const auto planned = choose(usual_cluster(), local_service());
  EXPECT_EQ(text_of(planned.ports.front().backends), "node-1:2 node-2:1");
  EXPECT_EQ(find_node(planned, "node-1")->reason, "2 usable local endpoints");
  EXPECT_EQ(find_node(planned, "node-2")->reason, "1 usable local endpoint");
  EXPECT_EQ(find_node(planned, "node-3")->state, State::kOut);
  EXPECT_EQ(find_node(planned, "node-3")->reason, "policy Local: no local endpoint");
}

TEST(Backends, IgnoreEndpointsThatAreNotReadyUnderPolicyLocal) {
  auto cluster = usual_cluster();
  cluster.put(slice("web", "a",
                    {endpoint("10.1.0.1", "node-1"), unready(endpoint("10.1.0.2", "node-1")),
                     unready(endpoint("10.1.0.3", "node-2"))}));
  EXPECT_EQ(backends_of(cluster, local_service()), "node-1:1");
}

TEST(Backends, LetANodeDrainWhoseLocalEndpointsAllTerminate) {
  auto cluster = usual_cluster();
  cluster.put(slice("web", "a", {endpoint("10.1.0.1", "node-1"), terminating(endpoint("10.1.0.3", "node-2"))}));
  const auto planned = choose(cluster, local_service());
  EXPECT_EQ(text_of(planned.ports.front().backends), "node-1:1");
  EXPECT_EQ(find_node(planned, "node-2")->state, State::kDraining);
}

TEST(Backends, FallBackToTerminatingEndpointsIfNoneIsReadyAnywhere) {
  auto cluster = usual_cluster();
  cluster.put(slice("web", "a",
                    {terminating(endpoint("10.1.0.1", "node-1")), terminating(endpoint("10.1.0.2", "node-1")),
                     unready(endpoint("10.1.0.3", "node-2"))}));
  EXPECT_EQ(backends_of(cluster, local_service()), "node-1:2");
}

TEST(Backends, IgnoreTerminatingEndpointsThatServeNoMore) {
  auto cluster = usual_cluster();
  auto ended = terminating(endpoint("10.1.0.1", "node-1"));
  ended.serving = false;
  cluster.put(slice("web", "a", {ended}));
  EXPECT_EQ(backends_of(cluster, local_service()), "");
  EXPECT_EQ(backends_of(cluster, service("web")), "");
}

// publishNotReadyAddresses: the slice says ready and terminating at once (MetalLB #2336).
TEST(Backends, TakeAnEndpointThatIsReadyAlthoughItTerminates) {
  auto cluster = usual_cluster();
  auto both = terminating(endpoint("10.1.0.1", "node-1"));
  both.ready = true;
  cluster.put(slice("web", "a", {both}));
  auto published = local_service();
  published.publish_not_ready_addresses = true;
  EXPECT_EQ(backends_of(cluster, published), "node-1:1");
}

// kube-proxy knows no more than the slices. What it would not forward to must not attract connections.
TEST(Backends, BelieveTheSliceEvenIfTheServicePublishesEndpointsThatAreNotReady) {
  auto cluster = usual_cluster();
  cluster.put(slice("web", "a", {endpoint("10.1.0.1", "node-1"), unready(endpoint("10.1.0.3", "node-2"))}));
  auto published = local_service();
  published.publish_not_ready_addresses = true;
  EXPECT_EQ(backends_of(cluster, published), "node-1:1");
}

TEST(Backends, DoNotCountEndpointsOfUnknownPlaceUnderPolicyLocal) {
  auto cluster = usual_cluster();
  cluster.put(slice("web", "a", {endpoint("10.1.0.1", ""), endpoint("10.1.0.3", "node-2")}));
  EXPECT_EQ(backends_of(cluster, local_service()), "node-2:1");
  cluster.put(slice("web", "a", {endpoint("10.1.0.1", "")}));
  EXPECT_EQ(backends_of(cluster, local_service()), "");
}

TEST(Backends, DoNotCountEndpointsOnNodesThatAreNotThere) {
  auto cluster = usual_cluster();
  cluster.put(slice("web", "a", {endpoint("10.1.0.1", "node-9"), endpoint("10.1.0.3", "node-2")}));
  EXPECT_EQ(backends_of(cluster, local_service()), "node-2:1");
}

// --- Several slices ---

TEST(Backends, AddUpTheSlicesOfAService) {
  auto cluster = usual_cluster();
  cluster.put(slice("web", "b", {endpoint("10.1.0.4", "node-2"), endpoint("10.1.0.5", "node-3")}));
  EXPECT_EQ(backends_of(cluster, local_service()), "node-1:2 node-2:2 node-3:1");
}

TEST(Backends, CountAnEndpointOnceThatStandsInTwoSlices) {
  auto cluster = usual_cluster();
  cluster.put(slice("web", "b", {endpoint("10.1.0.1", "node-1"), endpoint("10.1.0.3", "node-2")}));
  EXPECT_EQ(backends_of(cluster, local_service()), "node-1:2 node-2:1");
}

TEST(Backends, TakeTheBetterVersionOfAnEndpointThatStandsInTwoSlices) {
  auto cluster = usual_cluster();
  cluster.put(
      slice("web", "b", {terminating(endpoint("10.1.0.1", "node-1")), unready(endpoint("10.1.0.3", "node-2"))}));
  EXPECT_EQ(backends_of(cluster, local_service()), "node-1:2 node-2:1");
}

TEST(Backends, IgnoreSlicesOfOtherFamiliesAndOfHostNames) {
  auto cluster = usual_cluster();
  auto six = slice("web", "6", {endpoint("2001:db8:1::5", "node-3")});
  six.address_type = kube::AddressType::kIpv6;
  cluster.put(six);
  auto names = slice("web", "names", {kube::Endpoint{.addresses = {}, .node_name = "node-3"}});
  names.address_type = kube::AddressType::kFqdn;
  cluster.put(names);
  EXPECT_EQ(backends_of(cluster, local_service()), "node-1:2 node-2:1");
}

TEST(Backends, IgnoreSlicesOfOtherServices) {
  auto cluster = usual_cluster();
  cluster.put(slice("shop", "a", {endpoint("10.1.0.9", "node-3")}));
  EXPECT_EQ(backends_of(cluster, local_service()), "node-1:2 node-2:1");
}

// --- Several ports ---

TEST(Backends, MatchPortsByName) {
  auto cluster = usual_cluster();
  auto tls = slice("web", "b", {endpoint("10.1.0.7", "node-3")});
  tls.ports = {{.name = "https", .port = 8443}};
  cluster.put(tls);
  auto two = local_service();
  two.ports.push_back({.name = "https", .port = 443, .node_port = 30443});
  const auto planned = choose(cluster, two);
  EXPECT_EQ(text_of(planned.ports[0].backends), "node-1:2 node-2:1");
  EXPECT_EQ(text_of(planned.ports[1].backends), "node-3:1");
  EXPECT_EQ(find_node(planned, "node-3")->state, State::kIn);  // It serves one of the ports.
}

TEST(Backends, MatchAPortWithoutAName) {
  auto cluster = usual_cluster();
  auto unnamed = slice("web", "a", {endpoint("10.1.0.1", "node-1")});
  unnamed.ports = {{.name = "", .port = 8080}};
  cluster.put(unnamed);
  auto plain = local_service();
  plain.ports[0].name = "";
  EXPECT_EQ(backends_of(cluster, plain), "node-1:1");
}

TEST(Backends, MatchPortsByProtocol) {
  auto cluster = usual_cluster();
  auto both = service("web");
  both.ports = {{.name = "dns", .protocol = kube::Protocol::kUdp, .port = 53, .node_port = 30053},
                {.name = "dns-tcp", .protocol = kube::Protocol::kTcp, .port = 53, .node_port = 30053}};
  auto answers = slice("web", "a", {endpoint("10.1.0.1", "node-1")});
  answers.ports = {{.name = "dns", .protocol = kube::Protocol::kTcp, .port = 53},
                   {.name = "dns-tcp", .protocol = kube::Protocol::kTcp, .port = 53}};
  cluster.put(answers);
  const auto planned = choose(cluster, both);
  EXPECT_EQ(text_of(planned.ports[0].backends), "");
  EXPECT_EQ(text_of(planned.ports[1].backends), "node-1:1 node-2:1 node-3:1");
}

// The proxies on the nodes skip such a port; a node port behind it leads nowhere.
TEST(Backends, IgnoreAnEndpointPortWithoutANumber) {
  auto cluster = usual_cluster();
  auto all_ports = slice("web", "a", {endpoint("10.1.0.1", "node-1")});
  all_ports.ports = {{.name = "http"}};
  cluster.put(all_ports);
  EXPECT_EQ(backends_of(cluster, local_service()), "");
}

TEST(Backends, AreNotGivenToAPortThatIsNotServed) {
  auto planned = with_ports_of(service("web"));
  planned.ports[0].error = "sluice.dev/NoNodePort";
  choose_backends(usual_cluster(), service("web"), nullptr, planned);
  EXPECT_FALSE(planned.has_backends());
}

TEST(Backends, ShowEveryNodeOnceInTheOrderOfNames) {
  const auto planned = choose(usual_cluster(), local_service());
  ASSERT_EQ(planned.nodes.size(), 3U);
  EXPECT_EQ(planned.nodes[0].node, "node-1");
  EXPECT_EQ(planned.nodes[0].weight, 2U);
  EXPECT_EQ(planned.nodes[2].node, "node-3");
  EXPECT_EQ(planned.nodes[2].address, ip("10.20.0.13"));
}

}  // namespace
}  // namespace sluice::control
