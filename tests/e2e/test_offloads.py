"""What a device checks for us. Here a TAP of DPDK is a wire: its driver checks headers of IPv4, as many cards do."""

import struct

import pytest

from tools.lab import topology, wait_for
from tools.lab.vlan_switch import open_link

WIRE = "wire9"
PORT = f'  - {{name: extra, device: "vdev:net_tap9,iface={WIRE}", announce_vips: false}}\n'


@pytest.fixture
def wire(edge):
    """The other end of a wire of the appliance."""
    edge.lab.sluiced.stop()
    edge.lab.start_sluiced(edge.configuration(topology.VIP_POOL, 1).replace("ports:\n", "ports:\n" + PORT))
    edge.lab.sluiced.wait_log("serving")
    edge.lab.ns("appliance").configure([f"link set {WIRE} arp off up"])
    with edge.lab.ns("appliance").entered():
        link = open_link(WIRE)
    with link:
        yield link
    edge.lab.sluiced.stop()  # The next test gets the usual one again.


def ipv4(checksum_off_by: int) -> bytes:
    """A frame of an IPv4 packet of an experimental protocol."""
    words = [0x4500, 40, 1, 0, 0x40fd, 0, *struct.unpack("!4H", bytes([10, 9, 9, 1, 10, 9, 9, 2]))]
    total = sum(words)
    words[5] = (~((total & 0xffff) + (total >> 16)) & 0xffff) ^ checksum_off_by
    return bytes.fromhex("ffffffffffff" "0200000000aa" "0800") + struct.pack("!10H", *words) + bytes(20)


def test_a_header_that_the_device_finds_wrong_ends_here(edge, wire):
    row, = (row for row in edge.ask("show", "ports")["ports"] if row["name"] == "extra")
    assert "ipv4-checksum" in row["offloads"]
    for _ in range(3):
        wire.send(ipv4(checksum_off_by=0))
    wire.send(ipv4(checksum_off_by=1))
    wait_for(lambda: edge.dropped("drop_bad_header"), 3, "a drop")
    edge.pause(0.3)
    assert edge.dropped("drop_bad_header") == 1
