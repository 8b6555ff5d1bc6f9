"""Which nodes get which clients' connections."""

import math
import re
import time
from collections import Counter

import pytest

from clients import ALL_CLIENTS
from edge import INGRESS, NAMESPACE
from tools.lab import topology, wait_for
from tools.lab.programs import find


def connections(edge, address: str, count: int, rate: int = 600) -> dict:
    """So many connections from many addresses; what the pods counted."""
    result = edge.lab.load("new", f"{address}:80", rate=rate, seconds=count / rate, source=ALL_CLIENTS).result()
    assert result["failed"] == 0, result
    return result


def entry_nodes(edge, port: str = "http") -> Counter:
    """Connections that each node's connection tracking knows by the node port: where they entered the cluster."""
    number, found = edge.node_port(port), Counter()
    for node in edge.lab.nodes:
        done = edge.lab.ns(node).run([find("conntrack"), "-L", "-p", "tcp", "--orig-port-dst", str(number)])
        count = len(re.findall(rf"dst={topology.node_address(node)} sport=\d+ dport={number}\b", done.stdout))
        if count:
            found[node] = count
    return found


def assert_share(counts: dict, node: str, share: float) -> None:
    """Within four standard deviations of a fair choice."""
    total = sum(counts.values())
    sigma = math.sqrt(total * share * (1 - share))
    assert abs(counts.get(node, 0) - total * share) <= 4 * sigma, f"{node}: expected {share:.3f} of {counts}"


@pytest.mark.real_too
def test_local_sends_to_nodes_with_endpoints_in_proportion_to_their_count(edge):
    edge.place(node1=2, node3=1)
    address = edge.serve()
    nodes = connections(edge, address, 2400)["nodes"]
    assert set(nodes) == {"node1", "node3"}
    assert_share(nodes, "node1", 2 / 3)


@pytest.mark.real_too
def test_cluster_sends_to_all_nodes_alike(edge):
    address = edge.serve(policy="Cluster")
    before = entry_nodes(edge)
    connections(edge, address, 2400)
    nodes = entry_nodes(edge) - before
    assert set(nodes) == set(edge.lab.nodes)
    for node in nodes:
        assert_share(nodes, node, 1 / len(nodes))


def test_the_traffic_policy_is_changed_while_traffic_flows(edge):
    address = edge.serve(policy="Cluster")
    load = edge.lab.load("new", f"{address}:80", rate=100, seconds=4, source=ALL_CLIENTS)
    edge.pause(1)
    edge.patch({"externalTrafficPolicy": "Local"})
    wait_for(lambda: edge.backend_nodes() == {"node1", "node2"}, 3, "only nodes with endpoints")
    edge.pause(0.5)
    edge.patch({"externalTrafficPolicy": "Cluster"})
    wait_for(lambda: edge.backend_nodes() == set(edge.lab.nodes), 3, "all nodes")
    result = load.result()
    assert result["failed"] == 0, result
    assert edge.address() == address


def test_no_endpoint_at_all_is_dead_and_the_first_one_revives_it(edge):
    address = edge.serve()
    edge.place()
    wait_for(lambda: edge.client.is_dead(address), 5, "dead without pods")
    edge.place(node3=1)
    edge.wait_http(address)
    assert edge.address() == address


def test_source_ranges_are_enforced_and_refused_packets_counted(edge):
    address = edge.serve(loadBalancerSourceRanges=[f"{topology.CLIENT_ADDRESSES[0]}/32"])
    before = edge.dropped("drop_source_range")
    with pytest.raises(TimeoutError):
        edge.client.connect(address, 80, source=topology.CLIENT_ADDRESSES[1], timeout=0.5)
    assert edge.dropped("drop_source_range") > before
    edge.patch({"loadBalancerSourceRanges": ["198.51.100.0/24"]})
    wait_for(lambda: edge.client.is_served(address, source=topology.CLIENT_ADDRESSES[1]), 3, "let in")
    edge.patch({"loadBalancerSourceRanges": ["192.0.2.0/24"]})
    wait_for(lambda: edge.client.is_dead(address), 3, "shut out")
    edge.patch({"loadBalancerSourceRanges": None})
    edge.wait_http(address)


def test_client_ip_affinity_keeps_each_client_on_one_node(edge):
    edge.place(node1=1, node2=1, node3=1)
    address = edge.serve(sessionAffinity="ClientIP")
    nodes = {client: {edge.client.get(address, source=client).node for _ in range(12)}
             for client in topology.CLIENT_ADDRESSES}
    assert all(len(chosen) == 1 for chosen in nodes.values()), nodes
    assert len(set().union(*nodes.values())) > 1
    edge.patch({"sessionAffinity": "None"})
    wait_for(lambda: len({edge.client.get(address).node for _ in range(12)}) > 1, 3, "no affinity")


def test_client_ip_affinity_holds_clients_for_its_timeout_when_nodes_come(edge):
    edge.place(node1=1)
    affinity = {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 600}}}
    address = edge.serve(**affinity)

    def nodes() -> set[str]:
        return {edge.client.get(address, source=client).node for client in topology.CLIENT_ADDRESSES}
    assert nodes() == {"node1"}
    edge.place(node1=1, node2=1, node3=1)
    edge.wait_nodes()
    assert nodes() == {"node1"}
    explained = edge.ask("explain", "flow", "tcp", f"{topology.CLIENT}:40000", f"{address}:80")
    assert "last connection" in str(explained), explained
    edge.patch({"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 1}}})
    edge.pause(4)
    assert len(nodes()) > 1


def test_new_connections_are_limited_of_a_client_and_of_a_service(edge):
    edge.place(node1=1)
    address = edge.serve()
    greedy, modest = topology.CLIENT_ADDRESSES[:2]

    def opened(source: str) -> tuple[int, float]:
        start = time.monotonic()
        count = sum(edge.client.is_served(address, timeout=0.3, source=source) for _ in range(12))
        return count, time.monotonic() - start

    def limits() -> str:
        facts = edge.ask("explain", "service", f"{NAMESPACE}/{INGRESS}")["facts"]
        return next((fact["sentence"].split()[0] for fact in facts if fact["topic"] == "limits"), "")

    def limit(**annotations) -> None:
        names = {"sluice.dev/new-connections": None, "sluice.dev/new-connections-by-client": None}
        edge.kube.patch("services", INGRESS, {"metadata": {"annotations": {
            **names, **{f"sluice.dev/{name.replace('_', '-')}": value for name, value in annotations.items()}}}},
            NAMESPACE)
        wait_for(lambda: limits() == " ".join(annotations.values()), 3, "limits are read")
    assert opened(greedy)[0] == 12
    limit(new_connections_by_client="4")
    edge.pause(1.5)
    count, seconds = opened(greedy)
    assert 4 <= count <= 5 + 4 * seconds and count < 12
    assert edge.client.is_served(address, timeout=0.3, source=modest)
    assert edge.dropped("drop_client_limit") > 0
    limit(new_connections="3")
    edge.pause(1.5)
    count, seconds = opened(greedy)
    assert 3 <= count <= 4 + 3 * seconds and count < 12
    assert edge.dropped("drop_service_limit") > 0
    limit()
    edge.pause(0.5)
    assert opened(modest)[0] == 12
