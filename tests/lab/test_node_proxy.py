"""Which endpoints a node's proxy picks, what its health ports say, and the rules that come of it."""

from tools.lab.node_proxy import local_endpoints, node_ports
from tools.lab.node_rules import NodePort, ruleset

READY = {"ready": True, "serving": True, "terminating": False}
DRAINING = {"ready": False, "serving": True, "terminating": True}
GONE = {"ready": False, "serving": False, "terminating": True}


def service(policy="Cluster", kind="LoadBalancer", **spec) -> dict:
    return {("default", "web"): {
        "metadata": {"namespace": "default", "name": "web"},
        "spec": {"type": kind, "externalTrafficPolicy": policy, "healthCheckNodePort": 32000,
                 "ports": [{"name": "http", "port": 80, "protocol": "TCP", "nodePort": 30080}]} | spec}}


def slices(*endpoints: tuple, family="IPv4", name="one") -> dict:
    """Each endpoint: (address, node, conditions)."""
    return {("default", name): {
        "metadata": {"namespace": "default", "name": name, "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": family, "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": [{"addresses": [address], "nodeName": node, "conditions": conditions}
                      for address, node, conditions in endpoints]}}


def targets(policy: str, found: dict, node="node1") -> tuple:
    return node_ports(service(policy), found, node)[0].targets


def test_cluster_uses_ready_endpoints_of_all_nodes():
    found = slices(("10.0.1.1", "node1", READY), ("10.0.2.1", "node2", READY), ("10.0.2.2", "node2", DRAINING))
    assert targets("Cluster", found) == (("10.0.1.1", 8080), ("10.0.2.1", 8080))


def test_local_uses_only_its_own():
    found = slices(("10.0.1.1", "node1", READY), ("10.0.2.1", "node2", READY))
    assert targets("Local", found) == (("10.0.1.1", 8080),)
    assert targets("Local", found, "node3") == ()


def test_local_falls_back_to_terminating_ones_that_serve():
    found = slices(("10.0.1.1", "node1", DRAINING), ("10.0.1.2", "node1", GONE), ("10.0.2.1", "node2", READY))
    assert targets("Local", found) == (("10.0.1.1", 8080),)


def test_absent_conditions_mean_ready():
    assert targets("Cluster", slices(("10.0.1.1", "node1", {}))) == (("10.0.1.1", 8080),)
    assert targets("Cluster", slices(("10.0.1.1", "node1", {"ready": None}))) == (("10.0.1.1", 8080),)


def test_an_endpoint_in_two_slices_counts_once_and_other_families_not_at_all():
    found = slices(("10.0.1.1", "node1", READY)) | slices(("10.0.1.1", "node1", READY), name="two")
    found |= slices(("fd00::1", "node1", READY), family="IPv6", name="three")
    assert targets("Cluster", found) == (("10.0.1.1", 8080),)
    assert local_endpoints(service("Local"), found, "node1") == {32000: ("default", "web", 1)}


def test_each_family_of_a_service_has_endpoints_of_its_own():
    found = slices(("10.0.1.1", "node1", READY)) | slices(("fd00::1", "node1", READY), family="IPv6", name="six")
    ports = node_ports(service(ipFamilies=["IPv6", "IPv4"]), found, "node1")
    assert [(port.family, port.targets) for port in ports] == [
        ("IPv6", (("fd00::1", 8080),)), ("IPv4", (("10.0.1.1", 8080),))]
    assert local_endpoints(service("Local", ipFamilies=["IPv6"]), found, "node1")[32000][2] == 1


def test_the_health_port_counts_ready_endpoints_only():
    found = slices(("10.0.1.1", "node1", READY), ("10.0.1.2", "node1", DRAINING), ("10.0.2.1", "node2", READY))
    assert local_endpoints(service("Local"), found, "node1")[32000][2] == 1
    assert local_endpoints(service("Local"), found, "node3")[32000][2] == 0


def test_a_cluster_ip_service_has_no_node_port():
    assert node_ports(service(kind="ClusterIP"), slices(), "node1") == []


def port(**changes) -> NodePort:
    values = {"name": "default/web:http", "protocol": "tcp", "port": 30080, "local": False,
              "targets": (("10.0.1.1", 8080),), "anywhere": True}
    return NodePort(**(values | changes))


def test_cluster_masquerades_and_local_does_not():
    assert "meta mark set" in ruleset([port()])
    assert "meta mark set" not in ruleset([port(local=True)])


def test_each_family_has_a_table_of_its_own():
    four, six = ruleset([port(), port(family="IPv6", targets=(("fd00::1", 8080),))]).split("table ip6 node_proxy {}")
    assert "dnat ip to" in four and "10.0.1.1 . 8080" in four and "fd00::1" not in four
    assert "dnat ip6 to" in six and "fd00::1 . 8080" in six and "10.0.1.1" not in six


def test_local_without_its_own_endpoint_drops_and_without_any_refuses():
    assert "tcp dport 30080 drop" in ruleset([port(local=True, targets=())])
    assert "tcp dport 30080 reject" in ruleset([port(local=True, targets=(), anywhere=False)])
    assert "tcp dport 30080 reject" in ruleset([port(targets=(), anywhere=False)])


def test_addresses_of_mode_vip_are_served_as_they_are():
    """KEP-1860: those of mode Proxy are not, those without a mode are."""
    status = {"loadBalancer": {"ingress": [{"ip": "203.0.113.64", "ipMode": "VIP"}, {"ip": "203.0.113.65"},
                                           {"ip": "203.0.113.66", "ipMode": "Proxy"}, {"ip": "2001:db8::1"}]}}
    services = {key: item | {"status": status} for key, item in service(ipFamilies=["IPv4"]).items()}
    found, = node_ports(services, slices(("10.0.1.1", "node1", READY)), "node1")
    assert [address for address, _ in found.vips] == ["203.0.113.64", "203.0.113.65"]


def test_packets_for_a_vip_go_where_those_for_the_node_port_go():
    assert "ip daddr 203.0.113.64 tcp dport 80 jump tcp_30080" in ruleset([port(vips=(("203.0.113.64", 80),))])
    assert "203.0.113.64" not in ruleset([port(vips=(("203.0.113.64", 80),), targets=())])
