"""ICMP errors reach who sent the packet: Linux finds out about a path whose MTU is smaller than the ends' own, on both
sides, and a closed port behind the VIP is told of. No MSS clamping, no probing (tcp_mtu_probing) helps."""

import contextlib
import errno
import re
import socket

import pytest

from test_transfer import MEGABYTE, pull, push
from tools.lab import topology

NARROW = 1280
FAMILIES = {
    "ipv4": {"family": "IPv4", "client": topology.CLIENT, "snat": topology.APPLIANCE_LAN},
    "ipv6": {"family": "IPv6", "client": topology.CLIENT6, "snat": topology.APPLIANCE_LAN6},
}


@pytest.fixture(params=FAMILIES)
def way(request):
    return FAMILIES[request.param]


@pytest.fixture
def workers():
    """Two: an error comes to any of them, the flow is one's."""
    return 2


@pytest.fixture
def echo(workers, edge, way):
    return edge.serve_echo_of(way["family"])


def ingress_pods(edge) -> list:
    return [pod for pod in edge.lab.pods.all() if pod.app == "ingress"]


def address_of(pod, way: dict) -> str:
    return pod.address6 if way["family"] == "IPv6" else pod.address


@contextlib.contextmanager
def narrow(namespace, device: str, address: str):
    """A router's way to a host takes no packets larger than NARROW, whatever the link could take."""
    namespace.configure([f"route add {address} dev {device} mtu lock {NARROW}"])
    try:
        yield
    finally:
        namespace.configure([f"route del {address} dev {device}"])


def known_mtu(namespace, address: str) -> int | None:
    """What the kernel there has learned of the path to an address."""
    found = re.search(r"\bmtu (\d+)", namespace.run(["ip", "route", "get", address]).stdout)
    return int(found[1]) if found else None


def ends(edge) -> list:
    """The namespaces of client and pods."""
    return [edge.lab.ns(name) for name in ("client", *(pod.name for pod in ingress_pods(edge)))]


def forget_mtus(edge) -> None:
    for namespace in ends(edge):
        for family in ("-4", "-6"):
            namespace.run(["ip", family, "route", "flush", "cache"])


@pytest.fixture(autouse=True)
def nothing_is_known_yet(workers, edge):
    for namespace in ends(edge):
        assert namespace.run(["cat", "/proc/sys/net/ipv4/tcp_mtu_probing"]).stdout.strip() == "0"
    forget_mtus(edge)
    yield
    forget_mtus(edge)


def test_a_pod_learns_of_a_narrow_way_to_the_client(edge, way, echo):
    with narrow(edge.lab.ns("router"), "client", way["client"]):
        with edge.client.connect(echo, 9000, timeout=5) as connection:
            pull(connection, 1, 2 * MEGABYTE)
            push(connection, 2, MEGABYTE)
        assert NARROW in {known_mtu(edge.lab.ns(pod.name), way["snat"]) for pod in ingress_pods(edge)}
        assert known_mtu(edge.lab.ns("client"), echo) is None


def test_a_client_learns_of_a_narrow_way_to_the_pod(edge, way, echo):
    with contextlib.ExitStack() as ways:
        for pod in ingress_pods(edge):
            ways.enter_context(narrow(edge.lab.ns(pod.node), "pods", address_of(pod, way)))
        with edge.client.connect(echo, 9000, timeout=5) as connection:
            push(connection, 1, 2 * MEGABYTE)
            pull(connection, 2, MEGABYTE)
        assert known_mtu(edge.lab.ns("client"), echo) == NARROW


def test_a_pod_learns_of_the_smaller_mtu_of_our_own_port(edge, workers, way, echo):
    edge.run(workers=workers, wan_mtu=NARROW)
    edge.wait_echo(echo)
    with edge.client.connect(echo, 9000, timeout=5) as connection:
        pull(connection, 1, 2 * MEGABYTE)
    assert NARROW in {known_mtu(edge.lab.ns(pod.name), way["snat"]) for pod in ingress_pods(edge)}
    assert edge.dropped("reply_too_big") > 0


def test_a_client_hears_of_a_closed_port_behind_the_vip(edge, way, echo):
    edge.stop_servers()
    with edge.client.open(socket.SOCK_DGRAM, source=way["client"], timeout=2) as asker:
        asker.connect((echo, 9000))
        asker.send(b"who")
        with pytest.raises(OSError) as told:
            asker.recv(100)
    assert told.value.errno == errno.ECONNREFUSED
