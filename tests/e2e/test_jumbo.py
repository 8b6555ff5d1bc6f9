"""Frames of 9,000 bytes on all wires: long segments and datagrams pass whole, by the judgement of Linux's checksums."""

import socket
import subprocess

import pytest

from test_transfer import MEGABYTE, no_checksum_errors, pull, push  # noqa: F401  (a fixture)
from tools.lab import topology, wait_for
from tools.lab.programs import find

LONG, USUAL = 9000, 1500
BOTH = {"ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv4", "IPv6"]}
ECHO_PORTS = (("echo", 9000, 9000, "TCP"), ("echo-udp", 9000, 9000, "UDP"))


@pytest.fixture
def workers():
    return 2


def set_mtus(edge, mtu: int) -> None:
    """Of every link from the client to the pods; those of the appliance are the daemon's own to set."""
    links = {"client": ["eth0"], "router": ["client", "uplink"], "lan": ["lan", "appliance", *edge.lab.nodes]}
    links |= {node: ["lan", "pods"] for node in edge.lab.nodes}
    for pod in edge.lab.pods.all():
        links[pod.node].append("pod" + pod.address.rpartition(".")[2])
        links[pod.name] = ["eth0"]
    for name, devices in links.items():
        edge.lab.ns(name).configure([f"link set {device} mtu {mtu}" for device in devices])


@pytest.fixture
def addresses(edge, workers):
    """Of Service `echo`, one of each family, behind an appliance whose ports all take long frames."""
    text = edge.configuration(topology.VIP_POOL, workers, LONG)
    assert "  - name: lan\n" in text
    edge.lab.sluiced.stop()
    set_mtus(edge, LONG)
    try:
        edge.lab.start_sluiced(text.replace("  - name: lan\n", f"  - name: lan\n    mtu: {LONG}\n"))
        edge.lab.sluiced.wait_log("serving")
        edge.start_servers()
        edge.create("echo", ECHO_PORTS, **BOTH)
        found = wait_for(lambda: len(edge.addresses("echo")) == 2 and edge.addresses("echo"), 10, "two addresses")
        for address in found:
            wait_for(lambda: edge.client.whoami(address), 10, f"the echo servers at {address}")
        edge.wait_nodes("echo")
        yield found
        edge.tidy()
        edge.lab.sluiced.stop()  # The next test gets the usual one again.
    finally:
        set_mtus(edge, USUAL)
        edge.lab.ns("appliance").configure([f"link set {link} mtu {USUAL}" for link in ("wan", "lan")])


def count_of(edge, verdict: str) -> int:
    rows = edge.ask("show", "drops", "--all")["rows"]
    return sum(int(row.get("packets", 0)) for row in rows if row["verdict"] == verdict)


def test_long_segments_pass_both_ways(edge, addresses, no_checksum_errors):  # noqa: F811
    for address in addresses:
        with edge.client.connect(address, 9000, timeout=30) as connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) > LONG - 100
            before = count_of(edge, "to_client")
            pull(connection, 1, 20 * MEGABYTE)
            assert count_of(edge, "to_client") - before < 20 * MEGABYTE / (LONG - 2000), "segments were short"
            push(connection, 2, 20 * MEGABYTE)


def test_long_datagrams_pass_both_ways(edge, addresses, no_checksum_errors):  # noqa: F811
    for address, source, headers in zip(addresses, (topology.CLIENT, topology.CLIENT6), (28, 48)):
        with edge.client.open(socket.SOCK_DGRAM, source, timeout=2) as asker:
            asker.connect((address, 9000))
            for size in (1, 1473, 4000, 8191, LONG - headers - 1, LONG - headers):
                sent = bytes(index % 251 for index in range(size))
                asker.send(sent)
                assert asker.recv(65536) == sent, f"{size} bytes"
    assert count_of(edge, "held") == 0, "something came in fragments"


def test_the_kernel_gets_no_frame_that_its_tap_does_not_take(edge, addresses):
    """And what stands behind one is not lost with it."""
    def ping(size: int) -> bool:
        command = ["ping", "-c", "1", "-W", "1", "-M", "do", "-s", str(size), topology.APPLIANCE_WAN]
        return edge.lab.ns("router").run(command, check=False).returncode == 0
    before = edge.dropped("drop_too_long")
    assert ping(1400)
    assert not ping(5000)
    assert ping(1472)
    assert edge.dropped("drop_too_long") == before + 1


def test_packets_that_a_peer_has_put_together_are_counted(edge):
    """A veth whose other end has its offloads on brings what no wire carries."""
    address = edge.serve_echo()
    before = edge.dropped("drop_truncated")
    router = edge.lab.ns("router")

    def offloads(state: str) -> None:
        with router.entered():
            subprocess.run([find("ethtool"), "-K", "uplink", "tx", state, "sg", state, "tso", state, "gso", state],
                           check=True, capture_output=True)
    connection = edge.client.connect(address, 9000, timeout=3)
    with connection:
        push(connection, 1, 1000)
        offloads("on")
        try:
            connection.setblocking(False)
            connection.send(b"P" + (64_000).to_bytes(8, "big") + bytes(64_000))
            wait_for(lambda: edge.dropped("drop_truncated") > before, 3, "a packet that is too long for a buffer")
        finally:
            offloads("off")
        connection.settimeout(5)
        assert len(connection.recv(32)) == 32, "sent again, as frames"
