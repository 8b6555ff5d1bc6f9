"""Ports that are VLANs on the wire of another: the appliance on a stick, and a node network behind a tag."""

import contextlib
import re
import socket
import subprocess
import sys
import tempfile

import pytest

from test_capture import ends, seen_after
from test_pmtu import NARROW, forget_mtus, known_mtu
from test_transfer import MEGABYTE, no_checksum_errors, pull, push  # noqa: F401  (a fixture)
from tools.lab import topology, wait_for
from tools.lab.programs import find
from tools.lab.vlan_switch import open_link, tagged

CLIENTS, NODES = 10, 20
STRANGE = 77  # An id that no port has.
OTHER, KERNEL = "02:00:00:00:00:aa", "02:00:00:00:00:bb"
OF_OTHERS, OF_THE_KERNEL = (bytes.fromhex("ffffffffffff" + sender.replace(":", "") + "88b5") + bytes(60)
                            for sender in (OTHER, KERNEL))  # Of an experimental EtherType.
BOTH = {"ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv4", "IPv6"]}
TRUNK = '  - {name: trunk, device: "interface:trunk", announce_vips: false}\n'
# The ports of each set-up in place of the usual ones, and what the switch does with their frames.
SETUPS = {
    "on_a_stick": ({"wan": f"vlan: {{port: trunk, id: {CLIENTS}}}", "lan": f"vlan: {{port: trunk, id: {NODES}}}"},
                   TRUNK, {"wan": CLIENTS, "lan": NODES}),
    "nodes_behind_a_tag": ({"wan": 'device: "interface:trunk"', "lan": f"vlan: {{port: wan, id: {NODES}}}"}, "",
                           {"wan": 0, "lan": NODES}),
}


@pytest.fixture(params=SETUPS)
def setup(request):
    return SETUPS[request.param]


@pytest.fixture
def workers():
    return 2


@pytest.fixture
def start(edge, workers, setup):
    """Starts the appliance of a set-up on its one wire, with some MTU for its clients' port."""
    ports, more, tags = setup
    appliance = edge.lab.ns("appliance")

    def run(wan_mtu: int = 1500) -> None:
        text = edge.configuration(topology.VIP_POOL, workers, wan_mtu)
        for name, what in ports.items():
            text = text.replace(f'device: "interface:{name}"', what)
        edge.lab.sluiced.stop()
        edge.lab.start_sluiced(text.replace("ports:\n", "ports:\n" + more))
        edge.lab.sluiced.wait_log("serving")
    topology.add_trunk(appliance)
    try:
        edge.lab.processes.start(
            "vlan-switch", [sys.executable, "-m", "tools.lab.vlan_switch", "switch",
                            *(f"{vlan}={link}" for link, vlan in tags.items())], appliance)
        run()
        yield run
        edge.tidy()  # With the ways that its Services were made on.
        edge.lab.sluiced.stop()  # The next test gets the usual one again.
    finally:
        edge.lab.processes.stop("vlan-switch")
        topology.remove_trunk(appliance)


@pytest.fixture
def addresses(edge, start):
    """Of Service `echo`, one of each family."""
    edge.start_servers()
    edge.create("echo", (("echo", 9000, 9000, "TCP"), ("echo-udp", 9000, 9000, "UDP")), **BOTH)
    found = wait_for(lambda: len(edge.addresses("echo")) == 2 and edge.addresses("echo"), 10, "two addresses")
    for address in found:
        wait_for(lambda: edge.client.whoami(address), 10, f"the echo servers at {address}")
    edge.wait_nodes("echo")
    return found


def source_of(address: str) -> str:
    return topology.CLIENT6 if ":" in address else topology.CLIENT


@contextlib.contextmanager
def watched(edge, link: str):
    """tcpdump's lines of what passes a link of the appliance, complete after the block. What the daemon sends is not
    seen where it leaves, but at the other end of the wire."""
    lines: list[str] = []
    command = [find("tcpdump"), "-i", link, "-nn", "-e", "-l", "--immediate-mode"]
    with tempfile.TemporaryFile("w+") as output:
        process = edge.lab.ns("appliance").popen(command, stdout=output, stderr=subprocess.PIPE, text=True)
        try:
            while "listening on" not in process.stderr.readline():
                assert process.poll() is None
            yield lines
            edge.pause(0.5)
        finally:
            process.terminate()
            process.communicate(timeout=5)
            output.seek(0)
            lines.extend(output.read().splitlines())


def tag_of(line: str) -> int:
    found = re.search(r"ethertype 802\.1Q \(0x8100\), length \d+: vlan (\d+)", line)
    return int(found[1]) if found else 0


def test_bytes_and_datagrams_of_both_families(edge, addresses, no_checksum_errors):  # noqa: F811
    for address in addresses:
        with edge.client.connect(address, 9000, timeout=30) as connection:
            pull(connection, 1, 5 * MEGABYTE)
            push(connection, 2, 5 * MEGABYTE)
        with edge.client.open(socket.SOCK_DGRAM, source_of(address), timeout=2) as asker:
            asker.connect((address, 9000))
            for size in (1, 17, 1000, 1452, 4000):  # The last one in fragments.
                sent = bytes(index % 251 for index in range(size))
                asker.send(sent)
                assert asker.recv(65536) == sent, f"{size} bytes"
    assert edge.dropped("drop_truncated") == 0


def test_each_frame_has_the_tag_of_its_side(edge, addresses, setup):
    tags = setup[2]
    with watched(edge, "switch") as lines:
        for address in addresses:
            for _ in range(4):
                assert edge.client.whoami(address, timeout=2)
        assert edge.lab.ns("client").run(["ping", "-c", "2", "-W", "2", addresses[0]], check=False).returncode == 0
        edge.lab.ns("appliance").run(["ping", "-c", "1", "-W", "2", topology.node_address("node1")])
    seen = {"wan": 0, "lan": 0}
    for line in lines:
        if topology.CLIENT in line or topology.CLIENT6 in line:
            side = "wan"
        elif re.search(r"10\.20\.0\.|2001:db8:20::", line):
            side = "lan"
        else:
            continue
        assert tag_of(line) == tags[side], line
        seen[side] += 1
    assert seen["wan"] > 20 and seen["lan"] > 20, lines


def test_a_vip_is_announced_in_the_vlan_of_the_clients(edge, start, setup):
    with watched(edge, "switch") as lines:
        edge.start_servers()
        address = edge.serve_echo()
    unasked = re.compile(rf"(Announcement|Reply) {address}\b|who-has {address} .*tell {address}\b")
    told = [line for line in lines if unasked.search(line)]
    assert told and {tag_of(line) for line in told} == {setup[2]["wan"]}, lines


def test_ports_show_their_vlan_and_count_for_themselves(edge, addresses, setup):
    def rows() -> dict:
        return {row["name"]: row for row in edge.ask("show", "ports")["ports"]}
    before = rows()
    with edge.client.connect(addresses[0], 9000, timeout=30) as connection:
        pull(connection, 1, MEGABYTE)
    after = rows()
    for name, vlan in setup[2].items():
        row = after[name]
        assert row.get("vlan_id", 0) == vlan and row["link_up"]
        assert {"vlan-strip", "vlan-insert"} <= set(row["offloads"])
        assert int(row["rx_packets"]) > int(before[name].get("rx_packets", 0))
        assert int(row["tx_packets"]) > int(before[name].get("tx_packets", 0))
    assert int(after["lan"]["rx_bytes"]) - int(before["lan"]["rx_bytes"]) > MEGABYTE
    assert f"VLAN {NODES} of {after['lan']['vlan_of']}" in edge.lab.sluice("show", "ports").stdout


def test_a_capture_shows_frames_of_the_port_without_a_tag(edge, addresses):
    frames = seen_after(edge, lambda: edge.client.whoami(addresses[0], timeout=2), "--vip", f"{addresses[0]}:9000")
    assert {ends(frame)[:2] for frame in frames} == {("wan", "in"), ("lan", "out"), ("lan", "in"), ("wan", "out")}


@pytest.mark.parametrize("setup", [SETUPS["on_a_stick"]], ids=["on_a_stick"])
def test_a_vlan_has_an_mtu_of_its_own(edge, start, addresses):
    start(wan_mtu=NARROW)
    pods = [pod for pod in edge.lab.pods.all() if pod.app == "ingress"]
    namespaces = [edge.lab.ns(name) for name in ("client", *(pod.name for pod in pods))]
    forget_mtus(edge)
    try:
        edge.wait_echo(addresses[0])
        with edge.client.connect(addresses[0], 9000, timeout=5) as connection:
            pull(connection, 1, MEGABYTE)
        assert NARROW in {known_mtu(namespace, topology.APPLIANCE_LAN) for namespace in namespaces[1:]}
        assert edge.dropped("reply_too_big") > 0
    finally:
        forget_mtus(edge)


def test_an_id_that_no_port_has_is_the_kernels_with_its_tag(edge, start, setup):
    """Both ways, by the TAP of the wire's own port."""
    parent = "wan" if setup[2]["wan"] == 0 else "trunk"
    appliance = edge.lab.ns("appliance")
    with appliance.entered():
        switch, tap = open_link("switch"), open_link(f"sl-{parent}")
    with switch, tap, watched(edge, f"sl-{parent}") as up, watched(edge, "switch") as down:
        switch.send(tagged(OF_OTHERS, STRANGE))
        tap.send(tagged(OF_THE_KERNEL, STRANGE))
    assert {tag_of(line) for line in up if OTHER in line} == {STRANGE}, up
    assert {tag_of(line) for line in down if KERNEL in line} == {STRANGE}, down


def test_a_tag_for_priority_alone_belongs_to_the_wires_own_port(edge, start, setup):
    parent = "wan" if setup[2]["wan"] == 0 else "trunk"
    with edge.lab.ns("appliance").entered():
        switch = open_link("switch")
    with switch, watched(edge, f"sl-{parent}") as lines:
        switch.send(tagged(OF_OTHERS, 0, priority=5))
    seen = [line for line in lines if OTHER in line]
    assert seen and {tag_of(line) for line in seen} == {0}, lines
