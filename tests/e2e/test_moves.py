"""Pods and nodes come and go; connections that are made, and those that stand, do not notice."""

import json
import socket

import pytest

from clients import ALL_CLIENTS
from tools.lab import wait_for

EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"


@pytest.mark.real_too
def test_a_pod_moves_to_another_node_and_no_connection_fails(edge):
    edge.place(node1=1, node2=1)
    address = edge.serve()
    leaving = next(pod.name for pod in edge.lab.pods.all() if pod.app == "ingress" and pod.node == "node1")
    short = edge.lab.load("new", f"{address}:80", rate=200, seconds=7, source=ALL_CLIENTS)
    long = edge.lab.load("long", f"{address}:80", count=40, seconds=5, source=ALL_CLIENTS)
    edge.pause(1)
    fresh = edge.lab.move_pod(leaving, "node3", drain=5)
    made, kept = short.result(), long.result()
    assert made["failed"] == 0 and made["total"] == 1400, made
    assert kept["broken"] == 0 and kept["pods"].get(leaving), kept
    assert made["pods"].get(fresh.name) and set(made["nodes"]) == {"node1", "node2", "node3"}, made


def test_long_connections_to_other_nodes_survive_the_end_of_a_node_s_last_pod(edge):
    edge.place(node1=1, node2=2)
    address = edge.serve()
    kept = [connection for connection in (edge.client.connect(address, 80) for _ in range(40))
            if edge.client.get_on(connection).node == "node2"]
    assert kept
    edge.place(node2=2)
    wait_for(lambda: edge.backend_nodes() == {"node2"}, 3, "node2 alone")
    for connection in kept:
        assert edge.client.get_on(connection).node == "node2"
        connection.close()


@pytest.mark.real_too
@pytest.mark.parametrize("policy", ["Cluster", "Local"])
def test_a_rolling_update_breaks_no_connection_under_policy(edge, policy):
    address = edge.serve(policy=policy)
    # kube-proxy has to hear of it before the pod goes; on a busy machine that took more than 0.7 s.
    drain, seconds = (2.5, 9) if edge.is_real else (0.7, 4)
    load = edge.lab.load("new", f"{address}:80", rate=100, seconds=seconds, source=ALL_CLIENTS)
    fresh = edge.lab.roll("ingress", drain=drain)
    result = load.result()
    assert result["failed"] == 0, result
    assert {pod.name for pod in fresh} <= set(result["pods"])


def test_a_udp_sender_that_keeps_its_port_reaches_another_pod_when_its_own_goes(edge):
    address = edge.serve_echo()
    sender = edge.client.open(socket.SOCK_DGRAM, source_port=45000, timeout=1)
    sender.connect((address, 9000))

    def who() -> str | None:
        try:
            sender.send(b"who")
            return json.loads(sender.recv(512))["pod"]
        except OSError:
            return None
    first = wait_for(who, 3)
    assert {who() for _ in range(20)} == {first}
    edge.end_pod(first)
    second = wait_for(lambda: (found := who()) != first and found, 5, "another pod's answer")
    assert {who() for _ in range(20)} == {second}
    sender.close()


def test_an_excluded_node_gets_no_connections_until_it_is_let_in_again(edge):
    address = edge.serve(policy="Cluster")
    assert edge.backend_nodes() == set(edge.lab.nodes)
    held = [edge.client.connect(address, 80) for _ in range(12)]
    load = edge.lab.load("new", f"{address}:80", rate=100, seconds=2, source=ALL_CLIENTS)
    try:
        edge.kube.patch("nodes", "node3", {"metadata": {"labels": {EXCLUDED: ""}}})
        wait_for(lambda: edge.backend_nodes() == {"node1", "node2"}, 3, "two nodes")
        for connection in held:
            assert edge.client.get_on(connection).status == 200
    finally:
        edge.kube.patch("nodes", "node3", {"metadata": {"labels": {EXCLUDED: None}}})
    wait_for(lambda: edge.backend_nodes() == set(edge.lab.nodes), 3, "three nodes")
    for connection in held:
        connection.close()
    result = load.result()
    assert result["failed"] == 0, result
