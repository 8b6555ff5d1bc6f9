"""The Service strategy: defaults, allocation, changes of type, validation, status."""

import pytest

from standin_client import SERVICES, Client

_WEB = SERVICES + "/web"
_STATUS = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1", "ports": [{"port": 80, "protocol": "TCP"}]}]}}


def _causes(answer):
    code, status = answer
    assert code == 422, status
    return {cause["field"]: cause["reason"] for cause in status["details"]["causes"]}


def test_a_new_service_gets_defaults_addresses_and_ports(client):
    spec = client.create_service(externalTrafficPolicy="Local")["spec"]
    port = spec["ports"][0]
    assert (port["protocol"], port["targetPort"]) == ("TCP", 80)
    assert 30000 <= port["nodePort"] <= 32767 and 30000 <= spec["healthCheckNodePort"] <= 32767
    assert spec["clusterIP"].startswith("10.96.") and spec["clusterIPs"] == [spec["clusterIP"]]
    assert spec["allocateLoadBalancerNodePorts"] is True and spec["sessionAffinity"] == "None"
    assert (spec["internalTrafficPolicy"], spec["ipFamilies"], spec["ipFamilyPolicy"]) == (
        "Cluster", ["IPv4"], "SingleStack")


def test_a_cluster_service_has_no_node_port_and_a_headless_one_no_address(client):
    spec = client.create_service(type="ClusterIP")["spec"]
    assert "nodePort" not in spec["ports"][0] and "externalTrafficPolicy" not in spec
    assert client.create_service("none", type="ClusterIP", clusterIP="None")["spec"]["clusterIPs"] == ["None"]


def test_node_ports_can_be_declined_and_asked_for_later(client):
    spec = client.create_service(allocateLoadBalancerNodePorts=False)["spec"]
    assert "nodePort" not in spec["ports"][0]
    spec = client.patch(_WEB, {"spec": {"allocateLoadBalancerNodePorts": True}})[1]["spec"]
    kept = spec["ports"][0]["nodePort"]
    spec = client.patch(_WEB, {"spec": {"allocateLoadBalancerNodePorts": False}})[1]["spec"]
    assert spec["ports"][0]["nodePort"] == kept


def test_ports_of_one_number_share_a_node_port_across_protocols(client):
    ports = [{"name": "t", "port": 53, "protocol": "TCP"}, {"name": "u", "port": 53, "protocol": "UDP"},
             {"name": "o", "port": 54}]
    numbers = [port["nodePort"] for port in client.create_service(ports=ports)["spec"]["ports"]]
    assert numbers[0] == numbers[1] != numbers[2]


def test_leaving_the_type_load_balancer_wipes_what_belongs_to_it(client):
    client.create_service(externalTrafficPolicy="Local", loadBalancerClass="example.io/lb")
    assert client.patch(_WEB + "/status", {"status": _STATUS})[0] == 200
    service = client.patch(_WEB, {"spec": {"type": "ClusterIP"}})[1]
    assert service["status"]["loadBalancer"] == {}
    for field in ("loadBalancerClass", "externalTrafficPolicy", "healthCheckNodePort", "allocateLoadBalancerNodePorts"):
        assert field not in service["spec"]
    assert "nodePort" not in service["spec"]["ports"][0]


def test_an_old_server_leaves_status_to_its_writer(client):
    client.create_service()
    client.patch(_WEB + "/status", {"status": _STATUS})
    client.faults(wipe_status=False)
    service = client.patch(_WEB, {"spec": {"type": "ClusterIP"}})[1]
    assert service["status"]["loadBalancer"]["ingress"][0]["ip"] == "192.0.2.1"
    code, service = client.patch(_WEB + "/status", {"status": {"loadBalancer": {"ingress": None}}})
    assert (code, service["status"]) == (200, {"loadBalancer": {}})


def test_node_ports_outlive_the_change_between_types_that_have_them(client):
    before = client.create_service(externalTrafficPolicy="Local")["spec"]
    after = client.patch(_WEB, {"spec": {"type": "NodePort"}})[1]["spec"]
    assert after["ports"] == before["ports"] and "healthCheckNodePort" not in after


def test_the_health_check_port_follows_the_traffic_policy(client):
    client.create_service(externalTrafficPolicy="Local")
    spec = client.patch(_WEB, {"spec": {"externalTrafficPolicy": "Cluster"}})[1]["spec"]
    assert "healthCheckNodePort" not in spec
    assert client.patch(_WEB, {"spec": {"externalTrafficPolicy": "Local"}})[1]["spec"]["healthCheckNodePort"]


def test_a_replacement_without_allocated_values_keeps_them(client):
    old = client.create_service(externalTrafficPolicy="Local")
    body = {"metadata": {"name": "web"}, "spec": {
        "type": "LoadBalancer", "externalTrafficPolicy": "Local", "ports": [{"name": "http", "port": 80}]}}
    assert client.call("PUT", _WEB, body)[1]["spec"] == old["spec"]


def test_a_freed_node_port_can_be_taken_by_another(client):
    client.create_service(ports=[{"port": 80, "nodePort": 30080}])
    other = {"metadata": {"name": "b"}, "spec": {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}]}}
    code, status = client.call("POST", SERVICES, other)
    assert code == 422 and "provided port is already allocated" in status["message"]
    client.call("DELETE", _WEB)
    assert client.call("POST", SERVICES, other)[0] == 201


def test_addresses_and_ports_run_out(make_standin):
    client = Client(make_standin(node_ports=(30000, 30001), networks=("10.96.0.0/29",)))
    client.create_service("a")
    client.create_service("b")
    third = {"metadata": {"name": "c"}, "spec": {"type": "NodePort", "ports": [{"port": 1}]}}
    code, status = client.call("POST", SERVICES, third)
    assert code == 500 and "range is full" in status["message"]
    assert client.get(SERVICES + "/c")[0] == 404


@pytest.mark.parametrize("spec, field, reason", [
    ({"ports": []}, "spec.ports", "FieldValueRequired"),
    ({"ports": [{"port": 0}]}, "spec.ports[0].port", "FieldValueInvalid"),
    ({"ports": [{"port": 1, "protocol": "ICMP"}]}, "spec.ports[0].protocol", "FieldValueNotSupported"),
    ({"ports": [{"port": 1}, {"port": 2}]}, "spec.ports[1].name", "FieldValueRequired"),
    ({"ports": [{"port": 1, "name": "a"}, {"port": 2, "name": "a"}]}, "spec.ports[1].name", "FieldValueDuplicate"),
    ({"ports": [{"port": 1, "nodePort": 80}]}, "spec.ports[0].nodePort", "FieldValueInvalid"),
    ({"type": "ClusterIP", "ports": [{"port": 1, "nodePort": 30000}]}, "spec.ports[0].nodePort",
     "FieldValueForbidden"),
    ({"type": "Odd"}, "spec.type", "FieldValueNotSupported"),
    ({"type": "ClusterIP", "loadBalancerClass": "a/b"}, "spec.loadBalancerClass", "FieldValueForbidden"),
    ({"loadBalancerSourceRanges": ["10.0.0.1"]}, "spec.loadBalancerSourceRanges", "FieldValueInvalid"),
    ({"clusterIP": "10.97.0.1"}, "spec.clusterIPs", "FieldValueInvalid"),
    ({"healthCheckNodePort": 30000}, "spec.healthCheckNodePort", "FieldValueInvalid"),
    ({"ipFamilies": ["IPv6"]}, "spec.ipFamilies[0]", "FieldValueInvalid"),
])
def test_a_wrong_service_is_refused_with_its_cause(client, spec, field, reason):
    spec = {"type": "LoadBalancer", "ports": [{"name": "http", "port": 80}]} | spec
    assert _causes(client.call("POST", SERVICES, {"metadata": {"name": "web"}, "spec": spec}))[field] == reason


def test_a_wrong_name_and_a_wrong_type_of_value_are_refused(client):
    bad = {"metadata": {"name": "X_"}, "spec": {"ports": [{"port": 1}]}}
    assert "metadata.name" in _causes(client.call("POST", SERVICES, bad))
    bad = {"metadata": {"name": "x"}, "spec": {"ports": [{"port": "http"}]}}
    assert client.call("POST", SERVICES, bad)[0] == 400


def test_class_and_cluster_address_do_not_change(client):
    client.create_service(loadBalancerClass="a.io/b")
    assert "spec.loadBalancerClass" in _causes(client.patch(_WEB, {"spec": {"loadBalancerClass": "a.io/c"}}))
    address = client.get(_WEB)[1]["spec"]["clusterIP"]
    other = "10.96.0.77" if address != "10.96.0.77" else "10.96.0.78"
    assert "spec.clusterIPs[0]" in _causes(client.patch(_WEB, {"spec": {"clusterIP": other}}))


def test_status_takes_ingress_conditions_and_finalizers_but_no_spec(client):
    old = client.create_service()
    condition = {"type": "a.io/Ready", "status": "True", "reason": "Done", "message": "",
                 "lastTransitionTime": "2026-01-01T00:00:00Z"}
    code, new = client.patch(_WEB + "/status", {
        "metadata": {"finalizers": ["a.io/x"], "annotations": {"a.io/y": "z"}}, "spec": {"type": "ClusterIP"},
        "status": _STATUS | {"conditions": [condition]}})
    assert code == 200 and new["spec"] == old["spec"]
    assert new["metadata"]["finalizers"] == ["a.io/x"] and new["metadata"]["annotations"] == {"a.io/y": "z"}
    assert new["status"]["loadBalancer"]["ingress"][0]["ipMode"] == "VIP"
    assert new["status"]["conditions"][0]["type"] == "a.io/Ready"


@pytest.mark.parametrize("ingress, field", [
    ({"ip": "300.0.0.1"}, "ip"), ({"hostname": "192.0.2.1"}, "hostname"),
    ({"hostname": "a", "ipMode": "VIP"}, "ipMode"), ({"ip": "192.0.2.1", "ipMode": "Odd"}, "ipMode")])
def test_a_wrong_ingress_is_refused(client, ingress, field):
    client.create_service()
    answer = client.patch(_WEB + "/status", {"status": {"loadBalancer": {"ingress": [ingress]}}})
    assert f"status.loadBalancer.ingress[0].{field}" in _causes(answer)


def test_a_service_of_another_type_takes_no_ingress(client):
    client.create_service(type="ClusterIP")
    assert "status.loadBalancer.ingress" in _causes(client.patch(_WEB + "/status", {"status": _STATUS}))


def test_a_dual_stack_cluster_gives_addresses_of_both_families(make_standin):
    client = Client(make_standin(networks=("10.96.0.0/16", "fd00:96::/112")))
    spec = client.create_service(ipFamilyPolicy="PreferDualStack")["spec"]
    assert spec["ipFamilies"] == ["IPv4", "IPv6"] and spec["clusterIPs"][1].startswith("fd00:96::")
    spec = client.patch(_WEB, {"spec": {"ipFamilyPolicy": "SingleStack"}})[1]["spec"]
    assert spec["ipFamilies"] == ["IPv4"] and len(spec["clusterIPs"]) == 1
    only_v6 = client.create_service("six", ipFamilies=["IPv6"])["spec"]
    assert only_v6["clusterIP"].startswith("fd00:96::")


def test_an_external_name_has_neither_address_nor_ports(client):
    client.create_service()
    spec = client.patch(_WEB, {"spec": {"type": "ExternalName", "externalName": "a.example"}})[1]["spec"]
    assert "clusterIP" not in spec and "ipFamilies" not in spec and "nodePort" not in spec["ports"][0]
