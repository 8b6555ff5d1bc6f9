"""SCTP through the VIP, by a user-space stack at both ends (usrsctp) and the nodes' own NAT between."""

import contextlib
import itertools
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge import ECHO_PORTS
from test_drain import left
from tools.lab import topology, wait_for

PEER = Path(__file__).with_name("sctp_peer.py")
ANNOTATION = "sluice.dev/delivery"
PORT, NAME = 2905, "signalling"
SCTP_PORT = ("signalling", PORT, PORT, "SCTP")
TIMEOUT = 30  # Seconds, of a client with all that it says.
AT_ONCE = 2  # Seconds, of which most are the client's own start. An INIT that nobody answers is sent for minutes.
SOURCE_PORTS = itertools.count(46_000)


class Association:
    """Of a client, through its own process."""

    def __init__(self, edge, address: str, port: int = PORT):
        source = topology.CLIENT6 if ":" in address else topology.CLIENT
        self.source_port = next(SOURCE_PORTS)
        began = time.monotonic()
        self._process = edge.lab.ns("client").popen(
            ["timeout", TIMEOUT, sys.executable, PEER, "connect", source, self.source_port, address, port],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.outcome = self._process.stdout.readline().strip()
        self.took = time.monotonic() - began
        self.is_open = self.outcome == "associated"

    def say(self, message: str) -> str:
        self._process.stdin.write(message + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def who(self) -> dict:
        return json.loads(self.say("W"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(5)
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()


@pytest.fixture
def pods(edge):
    """Every ingress pod, and every one that is added by `pods()`, serves SCTP."""
    servers = {}

    def start() -> None:
        for pod in edge.lab.pods.all():
            if pod.app != "ingress" or pod.name in servers:
                continue
            servers[pod.name] = edge.lab.ns(pod.name).popen(
                [sys.executable, PEER, "serve", f"{pod.address},{pod.address6}", PORT, pod.name, pod.node],
                stdout=subprocess.PIPE, text=True)
            assert servers[pod.name].stdout.readline() == "listening\n"
    start()
    yield start
    for process in servers.values():
        process.kill()
        process.wait(5)
        process.stdout.close()


def is_served(edge, address: str) -> bool:
    with Association(edge, address) as tried, contextlib.suppress(BrokenPipeError):
        return tried.is_open and tried.say("end") == "ended"
    return False


def serve(edge, ports=(SCTP_PORT,), **how) -> str:
    edge.create(NAME, ports, **how)
    address = edge.wait_address(NAME)
    wait_for(lambda: all(is_served(edge, address) for _ in range(4)), 30, "SCTP through the VIP")
    edge.wait_nodes(NAME)
    return address


def state_of(edge, association: Association) -> str:
    flows = edge.ask("show", "flows", "--protocol", "sctp").get("flows", [])
    return next((flow["state"] for flow in flows if flow["client_port"] == association.source_port), "")


@pytest.fixture(scope="module", params=[1, 2], ids=["one_worker", "two_workers"])
def workers(request):
    return request.param


@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
@pytest.mark.parametrize("delivery", ["full-nat", "dnat", "dsr"])
def test_an_association_carries_data_both_ways_and_is_shut_down(edge, pods, workers, delivery, family):
    address = serve(edge, annotations={ANNOTATION: delivery}, ipFamilies=[family], ipFamilyPolicy="SingleStack")
    one_way = "one-way-" if delivery == "dsr" else ""
    client = topology.CLIENT6 if family == "IPv6" else topology.CLIENT
    snat = topology.APPLIANCE_LAN6 if family == "IPv6" else topology.APPLIANCE_LAN
    with Association(edge, address) as association:
        assert association.is_open
        assert association.who()["peer"] == (snat if delivery == "full-nat" else client)
        for size in (1, 2, 3, 1000, 20_000):  # The last one takes many packets.
            assert association.say("x" * size) == "x" * size
        assert state_of(edge, association) == one_way + "established"
        assert association.say("end") == "ended"
        wait_for(lambda: state_of(edge, association) == one_way + "closed", 2, "a closed flow")
    with Association(edge, address) as association:
        assert association.say("Q") == "ended", "shut down by the node"


def test_an_association_stays_with_its_node_when_that_is_left(edge, pods):
    edge.place(node1=1, node2=1, node3=1)
    pods()
    address = serve(edge)
    with Association(edge, address) as association:
        at = association.who()
        with left(edge, at["node"]):
            assert association.who() == at
            assert association.say("still there") == "still there"
            for _ in range(8):
                with Association(edge, address) as new:
                    assert new.who()["node"] != at["node"]
        assert association.say("end") == "ended"


def refusal(edge, address: str, port: int = PORT) -> tuple[str, bool]:
    with Association(edge, address, port) as tried:
        return tried.outcome, tried.took < AT_ONCE


def test_where_nobody_is_an_init_is_aborted_at_once(edge):
    edge.create(NAME, (SCTP_PORT,), selector={"app": "nobody"})
    address = edge.wait_address(NAME)
    wait_for(lambda: refusal(edge, address)[0] == "failed ECONNREFUSED", 5, "an ABORT")
    for port in (PORT, PORT + 1):
        assert refusal(edge, address, port) == ("failed ECONNREFUSED", True)
    assert edge.dropped("reply_abort") > 0
    explained = edge.ask("explain", "flow", "sctp", f"{topology.CLIENT}:40000", f"{address}:{PORT}")
    assert explained["verdict"] == "reply_abort"


def test_a_service_of_sctp_alone_answers_ping_and_its_status_has_no_error(edge, pods):
    address = serve(edge)
    edge.client.run("ping", "-c", "1", "-W", "2", address)
    ingress, = edge.get(NAME)["status"]["loadBalancer"]["ingress"]
    assert ingress["ports"] == [{"port": PORT, "protocol": "SCTP"}]


def test_a_service_may_mix_sctp_with_tcp_and_udp(edge, pods):
    edge.start_servers()
    address = serve(edge, (*ECHO_PORTS, SCTP_PORT))
    wait_for(lambda: edge.client.whoami(address), 10, "TCP at the same address")
    with Association(edge, address) as association:
        assert association.who()["node"] in ("node1", "node2")
