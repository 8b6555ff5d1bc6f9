"""Nodes get new connections once their proxy is ready for them, and no longer than it lives."""

import contextlib

import pytest

from clients import ALL_CLIENTS
from edge import INGRESS, NAMESPACE
from tools.lab import wait_for


@contextlib.contextmanager
def without_proxy(edge, *nodes: str):
    """Their rules stay, their health ports are closed, and they hear of no change."""
    for node in nodes:
        edge.lab.stop_node_proxy(node)
    try:
        yield
    finally:
        for node in nodes:
            if not edge.lab.processes.alive(f"node-proxy-{node}"):
                edge.lab.start_node_proxy(node)


def test_a_pod_s_new_node_gets_no_connection_until_its_proxy_answers(edge):
    edge.place(node1=1, node2=1)
    address = edge.serve()
    with without_proxy(edge, "node3"):
        load = edge.lab.load("new", f"{address}:80", rate=100, seconds=6, source=ALL_CLIENTS)
        fresh = edge.lab.add_pod("node3")
        wait_for(lambda: "waits" in edge.reasons()["node3"], 3, "node3 to be waited for")
        edge.pause(1)
        assert edge.backend_nodes() == {"node1", "node2"}
        edge.lab.start_node_proxy("node3")
        wait_for(lambda: "node3" in edge.backend_nodes(), 5, "node3")
        result = load.result()
    assert result["failed"] == 0, result
    assert result["pods"].get(fresh.name), result


def test_the_old_node_goes_on_until_the_only_successor_answers(edge):
    edge.place(node1=1)
    address = edge.serve()
    leaving = next(pod.name for pod in edge.lab.pods.all() if pod.app == "ingress")
    with without_proxy(edge, "node3"):
        load = edge.lab.load("new", f"{address}:80", rate=100, seconds=5, source=ALL_CLIENTS)
        fresh = edge.lab.add_pod("node3")
        edge.lab.pods.drain(leaving)
        wait_for(lambda: "goes on" in edge.reasons()["node1"], 1, "node1 to go on")
        assert edge.backend_nodes() == {"node1"}
        edge.lab.start_node_proxy("node3")
        wait_for(lambda: edge.backend_nodes() == {"node3"}, 5, "node3 alone")
        result = load.result()
    edge.lab.pods.end(leaving, 0.2)
    assert result["failed"] == 0, result
    assert set(result["pods"]) == {leaving, fresh.name}, result


@pytest.mark.parametrize("policy", ["Cluster", "Local"])
def test_a_node_without_its_proxy_gets_no_new_connections_and_keeps_the_old_ones(edge, policy):
    edge.place(node1=1, node2=1, node3=1)
    address = edge.serve(policy=policy)
    wait_for(lambda: edge.backend_nodes() == set(edge.lab.nodes), 5, "three nodes")
    held = [edge.client.connect(address, 80) for _ in range(12)]
    with without_proxy(edge, "node3"):
        wait_for(lambda: edge.backend_nodes() == {"node1", "node2"}, 5, "two nodes")
        assert edge.reasons()["node3"].endswith("its health port is silent")
        for connection in held:
            assert edge.client.get_on(connection).status == 200
    wait_for(lambda: edge.backend_nodes() == set(edge.lab.nodes), 5, "three nodes")
    for connection in held:
        connection.close()


def test_the_slices_alone_count_when_no_proxy_answers(edge):
    edge.place(node1=1, node2=1)
    address = edge.serve()
    load = edge.lab.load("new", f"{address}:80", rate=100, seconds=5, source=ALL_CLIENTS)
    with without_proxy(edge, *edge.lab.nodes):
        wait_for(lambda: all("the slices alone count" in edge.reasons()[node] for node in ("node1", "node2")), 5,
                 "both nodes without a probe that passes")
        assert edge.backend_nodes() == {"node1", "node2"}
        told = edge.lab.sluice("explain", "service", f"{NAMESPACE}/{INGRESS}").stdout
        assert "the slices alone count" in told, told
        result = load.result()
    assert result["failed"] == 0, result
