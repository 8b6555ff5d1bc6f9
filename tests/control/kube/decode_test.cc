#include "control/kube/decode.h"

#include <gtest/gtest.h>

namespace sluice::control::kube {
namespace {

using std::chrono::seconds;

Decoded<Service> service(const std::string& json) {
  auto decoded = decode_object<Service>(json);
  EXPECT_TRUE(decoded.has_value()) << json;
  return decoded ? *decoded : Decoded<Service>{};
}

std::string service_with_spec(const std::string& spec) {
  return R"({"metadata":{"namespace":"shop","name":"web","uid":"u1","resourceVersion":"7"},"spec":)" + spec + "}";
}

TEST(DecodeService, ReadsAnIngressControllersService) {
  const auto decoded = service(R"({
    "kind":"Service","apiVersion":"v1",
    "metadata":{"namespace":"ingress-nginx","name":"controller","uid":"u1","resourceVersion":"42","generation":3,
      "labels":{"app":"x"},"annotations":{"sluice.dev/pool":"edge"},
      "finalizers":["sluice.dev/cleanup"],"creationTimestamp":"2024-01-01T00:00:00Z"},
    "spec":{"type":"LoadBalancer","loadBalancerClass":"sluice.dev/edge","externalTrafficPolicy":"Local",
      "healthCheckNodePort":31000,"allocateLoadBalancerNodePorts":false,"loadBalancerIP":"203.0.113.7",
      "loadBalancerSourceRanges":["192.0.2.0/24 "],"sessionAffinity":"ClientIP",
      "sessionAffinityConfig":{"clientIP":{"timeoutSeconds":600}},"clusterIP":"10.0.0.9","clusterIPs":["10.0.0.9"],
      "ipFamilies":["IPv4","IPv6"],"ipFamilyPolicy":"PreferDualStack","publishNotReadyAddresses":true,
      "selector":{"app":"x"},
      "ports":[{"name":"http","protocol":"TCP","port":80,"targetPort":"http","nodePort":30080,"appProtocol":"http"},
               {"name":"dns","protocol":"UDP","port":53,"targetPort":5353}]},
    "status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.7","ipMode":"Proxy","ports":[
        {"port":80,"protocol":"TCP"},{"port":53,"protocol":"UDP","error":"PortTaken"}]}]},
      "conditions":[{"type":"sluice.dev/Provisioned","status":"True","reason":"Ready","message":"m",
        "lastTransitionTime":"2024-01-01T00:00:01Z","observedGeneration":3}]}})");
  ASSERT_EQ(decoded.complaint, "");
  const auto& s = decoded.object;
  EXPECT_EQ(s.meta.key(), "ingress-nginx/controller");
  EXPECT_EQ(s.meta.generation, 3);
  EXPECT_TRUE(s.meta.has_finalizer(kOwnFinalizer));
  EXPECT_FALSE(s.meta.has_finalizer(kStandardFinalizer));
  EXPECT_FALSE(s.meta.is_deleting());
  EXPECT_EQ(s.type, ServiceType::kLoadBalancer);
  EXPECT_EQ(s.load_balancer_class, "sluice.dev/edge");
  EXPECT_EQ(s.external_traffic_policy, TrafficPolicy::kLocal);
  EXPECT_EQ(s.internal_traffic_policy, TrafficPolicy::kCluster);
  EXPECT_EQ(s.health_check_node_port, 31000);
  EXPECT_FALSE(s.allocate_node_ports);
  EXPECT_EQ(s.source_ranges, std::vector<std::string>{"192.0.2.0/24 "});
  EXPECT_EQ(s.client_ip_affinity, seconds{600});
  EXPECT_EQ(s.ip_families, (std::vector{IpFamily::kIpv4, IpFamily::kIpv6}));
  EXPECT_TRUE(s.has_selector);
  ASSERT_EQ(s.ports.size(), 2U);
  EXPECT_EQ(s.ports[0], (ServicePort{"http", Protocol::kTcp, 80, 30080, "http", "http"}));
  EXPECT_EQ(s.ports[1], (ServicePort{"dns", Protocol::kUdp, 53, 0, "5353", ""}));
  const std::vector<PortStatus> ports{{80, Protocol::kTcp, ""}, {53, Protocol::kUdp, "PortTaken"}};
  const LoadBalancerIngress ingress{.ip = "203.0.113.7", .ip_mode = IpMode::kProxy, .ports = ports};
  EXPECT_EQ(s.status.ingress, std::vector{ingress});
  EXPECT_EQ(s.status.conditions.at(0).observed_generation, 3);
}

TEST(DecodeService, FillsInWhatTheApiLeavesOut) {
  const auto decoded = service(R"({"metadata":{"name":"web","namespace":"shop"},"spec":{"ports":[{"port":80}]}})");
  ASSERT_EQ(decoded.complaint, "");
  EXPECT_EQ(decoded.object.type, ServiceType::kClusterIp);
  EXPECT_EQ(decoded.object.load_balancer_class, std::nullopt);
  EXPECT_EQ(decoded.object.ports[0].protocol, Protocol::kTcp);
  EXPECT_TRUE(decoded.object.allocate_node_ports);
  EXPECT_EQ(decoded.object.client_ip_affinity, std::nullopt);
  EXPECT_EQ(decoded.object.ip_families, std::vector{IpFamily::kIpv4});
}

TEST(DecodeService, TakesTheFamilyFromTheClusterAddressWhereItIsNotSaid) {
  const auto decoded = service(service_with_spec(R"({"clusterIP":"fd00::1"})"));
  EXPECT_EQ(decoded.object.ip_families, std::vector{IpFamily::kIpv6});
}

TEST(DecodeService, SaysWhereItIsMalformed) {
  const struct {
    const char* spec;
    const char* complaint;
  } cases[] = {
      {R"({"ports":[{"port":80},{"port":"http"}]})",
       R"(spec.ports[1].port: expected a number from 1 to 65535, got "http")"},
      {R"({"ports":[{"port":70000}]})", "spec.ports[0].port: expected a number from 1 to 65535, got 70000"},
      {R"({"ports":[{"port":0}]})", "spec.ports[0].port: expected a number from 1 to 65535, got 0"},
      {R"({"ports":[{"name":"x"}]})", "spec.ports[0].port: expected a number from 1 to 65535, got nothing"},
      {R"({"ports":[{"port":80,"protocol":"tcp"}]})",
       R"(spec.ports[0].protocol: expected TCP or UDP or SCTP, got "tcp")"},
      {R"({"ports":{"port":80}})", R"(spec.ports: expected a list, got {"port":80})"},
      {R"({"ports":[80]})", "spec.ports[0]: expected an object, got 80"},
      {R"({"type":"Loadbalancer"})",
       R"(spec.type: expected ClusterIP or NodePort or LoadBalancer or ExternalName, got "Loadbalancer")"},
      {R"({"type":7})", "spec.type: expected text, got 7"},
      {R"({"externalTrafficPolicy":"local"})", R"(spec.externalTrafficPolicy: expected Cluster or Local, got "local")"},
      {R"({"healthCheckNodePort":-1})", "spec.healthCheckNodePort: expected a number from 0 to 65535, got -1"},
      {R"({"sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":0}}})",
       "spec.sessionAffinityConfig.clientIP.timeoutSeconds: expected a number from 1 to 86400, got 0"},
      {R"({"allocateLoadBalancerNodePorts":"no"})",
       R"(spec.allocateLoadBalancerNodePorts: expected true or false, got "no")"},
      {R"("text")", R"(spec: expected an object, got "text")"},
  };
  for (const auto& c : cases) {
    const auto decoded = service(service_with_spec(c.spec));
    EXPECT_EQ(decoded.complaint, c.complaint);
    EXPECT_EQ(decoded.object.meta.key(), "shop/web") << "its name must survive";
    EXPECT_EQ(decoded.object.meta.uid, "u1");
  }
}

TEST(DecodeService, ComplainsOfAMissingName) {
  EXPECT_EQ(service(R"({"spec":{}})").complaint, "metadata.name: expected a name, got nothing");
}

TEST(DecodeService, ShortensWhatItRepeats) {
  const auto decoded = service(service_with_spec(R"({"type":")" + std::string(5000, 'x') + R"("})"));
  EXPECT_LT(decoded.complaint.size(), 200U);
}

// Puts every kind of junk into every place of a whole object: each must be survived.
template <typename Object>
void survives_junk_everywhere(const std::string& good) {
  const std::string junk[] = {"null", "true",        "-1",           "1e400",       "18446744073709551615",
                              "\"\"", "\"\\u0000\"", "[]",           "[[]]",        "[null]",
                              "{}",   "{\"\":{}}",   "\"\xc3\xa4\"", "[{\"a\":[]}]"};
  int tried = 0;
  for (std::size_t colon = good.find(':'); colon != std::string::npos; colon = good.find(':', colon + 1)) {
    // The value behind the colon: up to its own end, brackets counted (no brackets inside the texts used here).
    std::size_t end = colon + 1;
    for (int depth = 0; end < good.size(); ++end) {
      const char c = good[end];
      if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
    }
    for (const auto& value : junk) {
      const auto json = good.substr(0, colon + 1) + value + good.substr(end);
      (void)decode_object<Object>(json);
      (void)decode_page<Object>(R"({"metadata":{"resourceVersion":"1"},"items":[)" + json + "]}");
      (void)decode_event<Object>(R"({"type":"ADDED","object":)" + json + "}");
      ++tried;
    }
  }
  EXPECT_GT(tried, 100);
  for (std::size_t length = 0; length < good.size(); ++length) (void)decode_object<Object>(good.substr(0, length));
}

TEST(Decode, SurvivesJunkInEveryField) {
  survives_junk_everywhere<Service>(
      R"({"metadata":{"name":"a","namespace":"b","labels":{"x":"y"},"finalizers":["f"],"generation":1},)"
      R"("spec":{"type":"LoadBalancer","ports":[{"name":"n","port":80,"nodePort":1,"targetPort":1,"protocol":"TCP"}],)"
      R"("sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":1}},"selector":{"a":"b"},)"
      R"("ipFamilies":["IPv4"],"clusterIPs":["10.0.0.1"],"loadBalancerSourceRanges":["x"],"externalIPs":["x"]},)"
      R"("status":{"loadBalancer":{"ingress":[{"ip":"1","ipMode":"VIP","ports":[{"port":1,"error":"e"}]}]},)"
      R"("conditions":[{"type":"t","observedGeneration":1}]}})");
  survives_junk_everywhere<Node>(
      R"({"metadata":{"name":"a"},"spec":{"taints":[{"key":"k","effect":"e"}],"unschedulable":true,"providerID":"p"},)"
      R"("status":{"addresses":[{"type":"InternalIP","address":"192.0.2.1"}],)"
      R"("conditions":[{"type":"Ready","status":"True"}]}})");
  survives_junk_everywhere<EndpointSlice>(
      R"({"metadata":{"name":"a","namespace":"b","labels":{"kubernetes.io/service-name":"w"}},"addressType":"IPv4",)"
      R"("endpoints":[{"addresses":["10.0.0.1"],"conditions":{"ready":true,"serving":true,"terminating":false},)"
      R"("nodeName":"n","targetRef":{"kind":"Pod","name":"p","namespace":"b"}}],)"
      R"("ports":[{"name":"h","port":80,"protocol":"TCP"}]})");
}

TEST(DecodeNode, ReadsAddressesTaintsAndReadiness) {
  const auto decoded = decode_object<Node>(R"({"metadata":{"name":"n1","uid":"u"},
    "spec":{"providerID":"p://1","unschedulable":true,
      "taints":[{"key":"ToBeDeletedByClusterAutoscaler","effect":"NoSchedule"}]},
    "status":{"addresses":[{"type":"Hostname","address":"n1"},{"type":"InternalIP","address":"192.0.2.1"},
      {"type":"InternalIP","address":"2001:db8::1"},{"type":"ExternalIP","address":"203.0.113.9"}],
      "conditions":[{"type":"MemoryPressure","status":"False"},{"type":"Ready","status":"False"}]}})");
  ASSERT_TRUE(decoded.has_value());
  ASSERT_EQ(decoded->complaint, "");
  const auto& node = decoded->object;
  ASSERT_EQ(node.internal_ips.size(), 2U);
  EXPECT_EQ(node.internal_ips[0].to_string(), "192.0.2.1");
  EXPECT_EQ(node.internal_ips[1].to_string(), "2001:db8::1");
  EXPECT_EQ(node.external_ips.at(0).to_string(), "203.0.113.9");
  EXPECT_TRUE(node.has_taint("ToBeDeletedByClusterAutoscaler"));
  EXPECT_EQ(node.ready, false);
  EXPECT_EQ(node.meta.key(), "n1");
}

TEST(DecodeNode, ComplainsOfAnAddressThatIsNone) {
  const auto decoded = decode_object<Node>(
      R"({"metadata":{"name":"n1"},"status":{"addresses":[{"type":"InternalIP","address":"192.0.2.256"}]}})");
  EXPECT_EQ(decoded->complaint, R"(status.addresses[0].address: expected an IP address, got "192.0.2.256")");
}

Endpoint endpoint(const std::string& conditions) {
  const auto decoded = decode_object<EndpointSlice>(
      R"({"metadata":{"name":"s","namespace":"n"},"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.1"],)"
      R"("conditions":)" +
      conditions + "}]}");
  EXPECT_EQ(decoded->complaint, "");
  return decoded->object.endpoints.at(0);
}

TEST(DecodeEndpointSlice, FillsInTheConditionsThatAreAbsent) {
  const auto nothing = endpoint("{}");
  EXPECT_TRUE(nothing.ready && nothing.serving && !nothing.terminating);
  const auto not_ready = endpoint(R"({"ready":false})");
  EXPECT_TRUE(!not_ready.ready && !not_ready.serving && !not_ready.terminating);
  const auto null_ready = endpoint(R"({"ready":null})");
  EXPECT_TRUE(null_ready.ready && null_ready.serving);
  const auto draining = endpoint(R"({"ready":false,"serving":true,"terminating":true})");
  EXPECT_TRUE(!draining.ready && draining.serving && draining.terminating);
}

TEST(DecodeEndpointSlice, NamesItsServiceNodeAndPod) {
  const auto decoded = decode_object<EndpointSlice>(
      R"({"metadata":{"name":"web-x","namespace":"shop","labels":{"kubernetes.io/service-name":"web"}},
          "addressType":"IPv6","endpoints":[{"addresses":["2001:db8::7"],"nodeName":"n1",
          "targetRef":{"kind":"Pod","namespace":"shop","name":"web-1"}}],"ports":[{"name":"http","port":8080}]})");
  ASSERT_EQ(decoded->complaint, "");
  const auto& slice = decoded->object;
  EXPECT_EQ(slice.service_name, "web");
  EXPECT_EQ(slice.address_type, AddressType::kIpv6);
  EXPECT_EQ(slice.endpoints.at(0).node_name, "n1");
  EXPECT_EQ(slice.endpoints.at(0).target, "Pod shop/web-1");
  EXPECT_EQ(slice.ports.at(0).port, 8080);
}

TEST(DecodePage, LetsOneMalformedObjectHarmNoOther) {
  const auto page = decode_page<Node>(
      R"({"metadata":{"resourceVersion":"9","continue":"more"},"items":[{"metadata":{"name":"a"}},
          {"metadata":{"name":"b"},"spec":[]},7,{"metadata":{"name":"c"}}]})");
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->resource_version, "9");
  EXPECT_EQ(page->continue_token, "more");
  ASSERT_EQ(page->items.size(), 4U);
  EXPECT_EQ(page->items[0].complaint, "");
  EXPECT_EQ(page->items[1].complaint, "spec: expected an object, got []");
  EXPECT_EQ(page->items[2].complaint, "object: expected an object, got 7");
  EXPECT_EQ(page->items[3].complaint, "");
}

TEST(DecodePage, RefusesWhatIsNoList) {
  EXPECT_FALSE(decode_page<Node>("").has_value());
  EXPECT_FALSE(decode_page<Node>("<html>").has_value());
  EXPECT_FALSE(decode_page<Node>("[]").has_value());
  EXPECT_EQ(decode_page<Node>(R"({"items":[]})").message(),
            "list: metadata.resourceVersion: expected text, got nothing");
  EXPECT_TRUE(decode_page<Node>(R"({"metadata":{"resourceVersion":"1"},"items":null})").has_value());
}

TEST(DecodeEvent, KnowsItsFourKinds) {
  const auto bookmark = decode_event<Node>(R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"12"}}})");
  EXPECT_EQ(bookmark->type, EventType::kBookmark);
  EXPECT_EQ(bookmark->item.object.meta.resource_version, "12");
  const auto put = decode_event<Node>(R"({"type":"MODIFIED","object":{"metadata":{"name":"a"}}})");
  EXPECT_EQ(put->type, EventType::kPut);
  const auto gone = decode_event<Node>(R"({"type":"DELETED","object":{"metadata":{"name":"a"},"spec":7}})");
  EXPECT_EQ(gone->type, EventType::kDelete);
  const auto error = decode_event<Node>(
      R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}})");
  EXPECT_EQ(error->code, 410);
  EXPECT_EQ(error->message, "Expired: too old");
  EXPECT_FALSE(decode_event<Node>(R"({"type":"ADDED"})").has_value());
  EXPECT_FALSE(decode_event<Node>(R"({"type":"NEWS","object":{}})").has_value());
}

}  // namespace
}  // namespace sluice::control::kube
