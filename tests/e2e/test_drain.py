"""What becomes of connections with a node that is left, by choice or because it is lost; and many of them at once."""

import contextlib

import pytest

from clients import ALL_CLIENTS
from test_moves import EXCLUDED
from tools.lab import topology, wait_for

DRAIN, LOST = 3, 20  # Seconds.


@pytest.fixture(scope="module", params=[1, 4], ids=["one_worker", "four_workers"])
def workers(request):
    return request.param


@pytest.fixture
def impatient(edge):
    """An appliance that does not let connections stay with such nodes for long."""
    text = edge.configuration(topology.VIP_POOL, 1)
    assert "health:\n" in text
    edge.lab.sluiced.stop()
    edge.lab.start_sluiced(text.replace("health:\n", f"timeouts: {{drain: {DRAIN}s, lost_node: {LOST}s}}\nhealth:\n"))
    edge.lab.sluiced.wait_log("serving")
    yield
    edge.lab.sluiced.stop()  # The next one gets the usual configuration again.


@contextlib.contextmanager
def left(edge, node: str):
    """No Service sends anything new there."""
    def label(value: str | None) -> None:
        edge.kube.patch("nodes", node, {"metadata": {"labels": {EXCLUDED: value}}})
    label("true")
    try:
        wait_for(lambda: node not in edge.backend_nodes(), 5, f"the end of {node}")
        yield
    finally:
        label(None)


def open_flows(edge, node: str) -> int:
    found = edge.ask("show", "flows", "--node", node, "--limit", "100000").get("flows", [])
    return sum(flow["state"] == "established" for flow in found)


def test_a_thousand_connections_outlive_the_drain_of_their_node(edge, workers):
    edge.place(node1=1, node2=1, node3=1)
    address = edge.serve(policy="Cluster")
    load = edge.lab.load("long", f"{address}:80", count=1000, seconds=6, interval=2, timeout=10, source=ALL_CLIENTS)
    wait_for(lambda: open_flows(edge, "node1") > 200, 5, "a share of node1")
    with left(edge, "node1"):
        before = open_flows(edge, "node1")
        for _ in range(50):
            edge.client.get(address)
        result = load.result()
    assert (result["broken"], result["connections"]) == (0, 1000), result
    assert result["ok"] >= 2000, result
    assert before > 200


def test_eight_thousand_connections_at_once(edge, workers):
    edge.place(node1=1, node2=1)
    address = edge.serve()
    load = edge.lab.load("long", f"{address}:80", count=8000, seconds=8, interval=4, timeout=30, source=ALL_CLIENTS)
    result = load.result()
    assert (result["broken"], result["connections"]) == (0, 8000), result
    assert result["ok"] >= 8000, result


def is_open(connection) -> bool:
    try:
        connection.sendall(b"W")
        return connection.recv(4096).endswith(b"\n")
    except ConnectionResetError:
        return False


def held_by(edge, address: str, node: str):
    """A connection that the appliance sends to this node."""
    for port in range(49_000, 49_100):
        told = edge.ask("explain", "flow", "tcp", f"{topology.CLIENT}:{port}", f"{address}:9000")
        if told["node"] == node:
            return edge.client.connect(address, 9000, source_port=port, timeout=2)
    raise AssertionError(f"no port leads to {node}")


def test_a_connection_is_reset_at_the_drain_deadline(edge, impatient):
    address = edge.serve_echo("Cluster")
    with held_by(edge, address, "node1") as stays, held_by(edge, address, "node2") as goes:
        with left(edge, "node2"):
            assert is_open(goes) and is_open(stays)
            edge.pause(DRAIN)
            wait_for(lambda: not is_open(goes), 3, "the end of the connection with node2")
            assert is_open(stays)


def test_connections_with_a_lost_node_are_reset(edge, impatient):
    address = edge.serve_echo("Cluster")
    lan = edge.lab.ns("lan")
    with held_by(edge, address, "node1") as stays, held_by(edge, address, "node3") as goes:
        assert is_open(goes)
        lan.configure(["link set node3 down"])
        try:
            edge.lab.sluiced.wait_log("node at 10.20.0.13 does not say where it is", timeout=LOST + 30)
            assert not is_open(goes), "the client hears of it at once"
            assert is_open(stays)
            for _ in range(20):
                assert edge.client.whoami(address)
        finally:
            lan.configure(["link set node3 up"])
        wait_for(lambda: not edge.ask("show", "services").get("warnings"), 10, "node3 to be there again")


def test_connections_outlive_a_wire_that_is_dead_for_a_while(edge, impatient):
    """Nobody answers there: that is our own trouble, and no node is lost by it."""
    address = edge.serve_echo("Cluster")
    lan = edge.lab.ns("lan")
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(held_by(edge, address, node)) for node in edge.lab.nodes]
        assert all(is_open(connection) for connection in held)
        lan.configure(["link set appliance down"])
        try:
            edge.pause(LOST + 20)
        finally:
            lan.configure(["link set appliance up"])
        for connection in held:
            connection.settimeout(30)  # The client's TCP tries at growing distances.
            assert is_open(connection)
