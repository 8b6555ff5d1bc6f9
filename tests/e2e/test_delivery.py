"""Deliveries that leave the client's address as it is: dnat (nodes answer through the appliance) and dsr (past it)."""

import itertools
import json
import socket

import pytest

from edge import ECHO_PORTS
from test_transfer import MEGABYTE, pull, push
from tools.lab import topology, wait_for

# Used once each: a node changes a port that it saw lately on the way to the same pod by another address or node port.
PORTS = itertools.count(45_000)
ANNOTATION = "sluice.dev/delivery"
ROUTER_LAN = "10.20.0.1"
IP_MODES = {"full-nat": "Proxy", "dnat": "Proxy", "dsr": "VIP"}


@pytest.fixture(scope="module", params=[1, 2, 4], ids=["one_worker", "two_workers", "four_workers"])
def workers(request):
    return request.param


def deliver(edge, delivery: str, **how) -> str:
    """Service `echo`, delivered so."""
    address = edge.serve_echo(annotations={ANNOTATION: delivery}, **how)
    wait_every_node(edge, address)
    return address


def wait_every_node(edge, address: str) -> None:
    """Until whichever node is chosen serves: each hears in its own time that it is to serve a VIP itself (ipMode)."""
    wait_for(lambda: all(edge.client.whoami(address) for _ in range(24)), 30, "the echo servers of all nodes")


def seen_by_pod(edge, address: str, source_port: int, source: str = topology.CLIENT) -> dict:
    with edge.client.connect(address, 9000, source=source, source_port=source_port) as connection:
        connection.sendall(b"W")
        return json.loads(connection.makefile().readline())


@pytest.fixture
def bypass(edge):
    """Nodes have a way to the clients of their own: by a leg that the router has on their segment."""
    edge.lab.ns("router").configure([
        f"link add lan type veth peer name router netns {edge.lab.ns('lan').full}",
        f"address add {ROUTER_LAN}/24 dev lan", "link set lan up"])
    edge.lab.ns("lan").configure(["link set router master lan up"])
    for node in edge.lab.nodes:
        edge.lab.ns(node).configure([f"route replace default via {ROUTER_LAN}"])
    yield
    for node in edge.lab.nodes:
        edge.lab.ns(node).configure([f"route replace default via {topology.APPLIANCE_LAN}"])
    edge.lab.ns("router").configure(["link delete lan"])


@pytest.fixture
def dnat_pool(edge):
    """An appliance whose only pool is delivered by dnat."""
    text = edge.configuration(topology.VIP_POOL, 1)
    assert "  - name: public\n" in text
    edge.lab.sluiced.stop()
    edge.lab.start_sluiced(text.replace("  - name: public\n", "  - name: public\n    delivery: dnat\n"))
    edge.lab.sluiced.wait_log("serving")
    yield
    edge.lab.sluiced.stop()  # The next one gets the usual configuration again.


def to_clients(edge) -> int:
    rows = edge.ask("show", "drops", "--all")["rows"]
    return sum(int(row.get("packets", 0)) for row in rows if row["verdict"] == "to_client")


@pytest.mark.parametrize("delivery", ["dnat", "dsr"])
def test_pods_see_the_client_itself(edge, workers, delivery):
    address = deliver(edge, delivery)
    for port in itertools.islice(PORTS, 16):
        seen = seen_by_pod(edge, address, port)
        assert (seen["peer"], seen["peer_port"]) == (topology.CLIENT, port)
    service, = edge.ask("show", "services")["services"]
    assert service["delivery"] == delivery
    ingress, = edge.get("echo")["status"]["loadBalancer"]["ingress"]
    assert ingress.get("ipMode", "VIP") == IP_MODES[delivery]
    assert not edge.condition("sluice.dev/Degraded", "echo"), "Local is kept whole"


@pytest.mark.parametrize("delivery", ["dnat", "dsr"])
def test_bytes_and_datagrams_of_both_families(edge, workers, delivery):
    edge.start_servers()
    edge.create("echo", ECHO_PORTS, annotations={ANNOTATION: delivery}, ipFamilyPolicy="RequireDualStack",
                ipFamilies=["IPv4", "IPv6"])
    addresses = wait_for(lambda: len(edge.addresses("echo")) == 2 and edge.addresses("echo"), 10, "two addresses")
    for address, source in zip(addresses, (topology.CLIENT, topology.CLIENT6)):
        wait_every_node(edge, address)
        assert seen_by_pod(edge, address, next(PORTS), source)["peer"] == source
        with edge.client.connect(address, 9000, timeout=30) as connection:
            pull(connection, 1, 10 * MEGABYTE)
            push(connection, 2, 10 * MEGABYTE)
        with edge.client.open(socket.SOCK_DGRAM, source, timeout=2) as asker:
            asker.connect((address, 9000))
            for size in (1, 1000, 1452):
                asker.send(bytes(size))
                assert asker.recv(65536) == bytes(size)


@pytest.mark.parametrize("delivery", ["dnat", "dsr"])
def test_a_flow_is_foretold_and_shown(edge, delivery):
    address = deliver(edge, delivery)
    port = next(PORTS)
    client, vip = f"{topology.CLIENT}:{port}", f"{address}:9000"
    foretold = edge.ask("explain", "flow", "tcp", client, vip)
    assert foretold["verdict"] == "to_node" and f"delivery {delivery}" in foretold["steps"][-1]["sentence"]
    with edge.client.connect(address, 9000, source_port=port) as connection:
        connection.sendall(b"W")
        seen = json.loads(connection.makefile().readline())
        assert seen["node"] == foretold["node"]
        live = edge.ask("explain", "flow", "tcp", client, vip)["live"]
        assert (live["node"], live["snat"], live["snat_port"]) == (seen["node"], topology.CLIENT, port)
        assert edge.ask("show", "flows", "--client", client, "--node", seen["node"])["flows"]


def test_a_pool_says_it_for_all_its_services_but_those_that_ask_for_another(edge, dnat_pool):
    address = edge.serve_echo()
    assert seen_by_pod(edge, address, next(PORTS))["peer"] == topology.CLIENT
    edge.delete("echo")
    address = deliver(edge, "full-nat")
    assert seen_by_pod(edge, address, next(PORTS))["peer"] == topology.APPLIANCE_LAN


@pytest.mark.real_too
def test_nodes_answer_past_the_appliance(edge, bypass):
    address = deliver(edge, "dsr")
    before = to_clients(edge)
    with edge.client.connect(address, 9000, timeout=30) as connection:
        pull(connection, 3, 20 * MEGABYTE)
        push(connection, 4, 20 * MEGABYTE)
    assert to_clients(edge) == before


def test_a_connection_that_nodes_answer_outlives_the_daemon(edge, bypass):
    address = deliver(edge, "dsr")
    with edge.client.connect(address, 9000, timeout=30) as connection:
        pull(connection, 5, MEGABYTE)
        edge.lab.sluiced.restart()
        edge.lab.sluiced.wait_log("serving")
        pull(connection, 6, MEGABYTE)


def test_a_change_of_delivery_breaks_no_connection(edge):
    address = edge.serve_echo()
    held = []
    for delivery in ("full-nat", "dsr", "dnat", "full-nat"):
        edge.kube.patch("services", "echo", {"metadata": {"annotations": {ANNOTATION: delivery}}}, "ingress-nginx")
        wait_for(lambda: edge.ask("show", "services")["services"][0]["delivery"] == delivery, 5, delivery)
        wait_for(lambda: edge.get("echo")["status"]["loadBalancer"]["ingress"][0]["ipMode"] == IP_MODES[delivery], 5,
                 "the mode in the status")
        wait_every_node(edge, address)
        held.append(edge.client.connect(address, 9000, timeout=10))
        for connection in held:
            connection.sendall(b"W")
            seen = json.loads(connection.makefile().readline())
        own = topology.APPLIANCE_LAN if delivery == "full-nat" else topology.CLIENT
        assert seen["peer"] == own
        assert edge.address("echo") == address
    for connection in held:
        connection.close()


def test_a_client_beside_the_nodes_is_answered(edge):
    """Its neighbours would answer it directly, from addresses that it never asked."""
    address = deliver(edge, "dnat")
    outsider = next(node for node in edge.lab.nodes if node not in edge.backend_nodes("echo"))
    for _ in range(8):
        with edge.lab.ns(outsider).entered():
            connection = socket.create_connection((address, 9000), timeout=3)
        with connection:
            connection.sendall(b"W")
            assert json.loads(connection.makefile().readline())["peer"] == topology.APPLIANCE_LAN


def test_a_wrong_word_is_said_and_changes_nothing(edge):
    address = deliver(edge, "dsr-please")
    assert seen_by_pod(edge, address, next(PORTS))["peer"] == topology.APPLIANCE_LAN
    explained = edge.lab.sluice("explain", "service", "ingress-nginx/echo").stdout
    assert 'expected full-nat, dnat or dsr, got "dsr-please"' in explained
