"""Datagrams larger than the MTU: Linux cuts them into fragments on both sides, each finds its way through the VIP, and
back. What arrives is what was sent, also when fragments come in any order."""

import random
import socket
import struct

import pytest

from clients import snmp
from test_pmtu import narrow
from test_transfer import MEGABYTE, push
from tools.lab import topology

FAMILIES = {
    "ipv4": {"family": "IPv4", "client": topology.CLIENT},
    "ipv6": {"family": "IPv6", "client": topology.CLIENT6},
}
SIZES = (100, 1472, 1473, 2000, 2961, 4000, 8000, 20_000, 60_000)
IPPROTO_FRAGMENT = 44
IP_MTU_DISCOVER, IP_PMTUDISC_DONT = 10, 0


@pytest.fixture(params=FAMILIES)
def way(request):
    return FAMILIES[request.param]


@pytest.fixture(params=[1, 2, 4])
def workers(request):
    return request.param


@pytest.fixture
def echo(workers, edge, way):
    return edge.serve_echo_of(way["family"])


def counted(edge, verdict: str) -> int:
    rows = edge.ask("show", "drops", "--all")["rows"]
    return sum(int(row.get("packets", 0)) for row in rows if row["verdict"] == verdict)


def no_fragment_is_lost(edge) -> bool:
    rows = edge.ask("show", "drops")["rows"]
    return not [row for row in rows if row["verdict"].startswith("drop_fragment") and int(row.get("packets", 0))]


def test_datagrams_of_all_sizes_come_back(edge, way, echo):
    for number in range(8):
        with edge.client.open(socket.SOCK_DGRAM, source=way["client"], timeout=2) as asker:
            asker.connect((echo, 9000))
            for size in SIZES:
                sent = random.Random(size + number).randbytes(size)
                asker.send(sent)
                assert asker.recv(65536) == sent, f"{size} bytes"
    assert no_fragment_is_lost(edge)


@pytest.mark.parametrize("delivery", ["dnat", "dsr"])
def test_datagrams_come_back_by_every_delivery(edge, workers, delivery):
    address = edge.serve_echo(annotations={"sluice.dev/delivery": delivery})
    with edge.client.open(socket.SOCK_DGRAM, timeout=2) as asker:
        asker.connect((address, 9000))
        for size in SIZES:
            sent = random.Random(size).randbytes(size)
            asker.send(sent)
            assert asker.recv(65536) == sent, f"{size} bytes"
    assert no_fragment_is_lost(edge)


def test_a_router_may_cut_tcp_segments(edge, workers):
    address = edge.serve_echo()
    router = edge.lab.ns("router")
    before = snmp(router)["Ip.FragCreates"]
    with narrow(router, "uplink", address), edge.client.open(socket.SOCK_STREAM, timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
        connection.connect((address, 9000))
        push(connection, 1, 2 * MEGABYTE)
    assert snmp(router)["Ip.FragCreates"] > before + 1000
    assert no_fragment_is_lost(edge)


def test_the_kernels_own_fragments_reach_it(edge, workers):
    for address in (topology.APPLIANCE_WAN, topology.APPLIANCE_WAN6):
        edge.client.run("ping", "-c", "2", "-W", "2", "-s", "4000", address)


def test_many_datagrams_are_on_their_way_at_once(edge, way, echo):
    with edge.client.open(socket.SOCK_DGRAM, source=way["client"], timeout=2) as asker:
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        asker.connect((echo, 9000))
        for begin in range(0, 400, 8):
            sent = {bytes([number % 256]) * (3000 + number) for number in range(begin, begin + 8)}
            for datagram in sent:
                asker.send(datagram)
            assert {asker.recv(65536) for _ in sent} == sent
    assert no_fragment_is_lost(edge)


def udp(source: str, destination: str, source_port: int, payload: bytes) -> bytes:
    """A datagram with its header and checksum."""
    kind = socket.AF_INET6 if ":" in source else socket.AF_INET
    pseudo = socket.inet_pton(kind, source) + socket.inet_pton(kind, destination)
    header = struct.pack("!HHHH", source_port, 9000, 8 + len(payload), 0)
    words = pseudo + struct.pack("!LL", 8 + len(payload), socket.IPPROTO_UDP) + header + payload
    total = sum(struct.unpack(f"!{(len(words) + 1) // 2}H", words + b"\0" * (len(words) % 2)))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return header[:6] + struct.pack("!H", ~total & 0xffff or 0xffff) + payload


def fragments(source: str, destination: str, identification: int, data: bytes, size: int) -> list[bytes]:
    """IP packets, each with `size` bytes of the data."""
    made = []
    for begin in range(0, len(data), size):
        part = data[begin:begin + size]
        more = begin + size < len(data)
        if ":" in source:
            header = struct.pack("!LHBB", 6 << 28, 8 + len(part), IPPROTO_FRAGMENT, 64)
            header += socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, destination)
            header += struct.pack("!BBHL", socket.IPPROTO_UDP, 0, begin | more, identification)
        else:  # Linux fills in lengths and checksum.
            header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(part), identification, begin // 8 | more << 13, 64,
                                 socket.IPPROTO_UDP, 0)
            header += socket.inet_aton(source) + socket.inet_aton(destination)
        made.append(header + part)
    return made


def send_raw(edge, way, destination: str, packets: list[bytes]) -> None:
    kind = socket.AF_INET6 if way["family"] == "IPv6" else socket.AF_INET
    with edge.lab.ns("client").entered():
        raw = socket.socket(kind, socket.SOCK_RAW, socket.IPPROTO_RAW)
    with raw:
        for packet in packets:
            raw.sendto(packet, (destination, 0))


@pytest.mark.parametrize("order", ["reversed", "shuffled"])
def test_fragments_in_any_order_come_back(edge, way, echo, order):
    held = counted(edge, "held")
    with edge.client.open(socket.SOCK_DGRAM, source=way["client"], timeout=2) as asker:
        asker.connect((echo, 9000))
        for number in range(1, 20):
            sent = random.Random(number).randbytes(500 * number)
            data = udp(way["client"], echo, asker.getsockname()[1], sent)
            packets = fragments(way["client"], echo, 1000 + number, data, 400)
            packets.reverse() if order == "reversed" else random.Random(number).shuffle(packets)
            send_raw(edge, way, echo, packets)
            assert asker.recv(65536) == sent
    assert no_fragment_is_lost(edge)
    assert counted(edge, "held") > held


def test_a_fragment_that_nobody_claims_is_given_up(edge, way, echo):
    before = counted(edge, "drop_fragment_alone")
    data = udp(way["client"], echo, 40_000, b"x" * 2000)
    send_raw(edge, way, echo, fragments(way["client"], echo, 77, data, 800)[1:])
    edge.pause(1.5)
    assert counted(edge, "drop_fragment_alone") == before + 2


def test_overlapping_fragments_reach_nobody(edge, way, echo):
    with edge.client.open(socket.SOCK_DGRAM, source=way["client"], timeout=0.5) as asker:
        asker.connect((echo, 9000))
        data = udp(way["client"], echo, asker.getsockname()[1], b"x" * 2000)
        first, second, third = fragments(way["client"], echo, 78, data, 800)
        overlapping = fragments(way["client"], echo, 78, data, 400)[1]
        send_raw(edge, way, echo, [first, overlapping, second, third])
        with pytest.raises(TimeoutError):
            asker.recv(65536)
    assert counted(edge, "drop_fragment_overlap") > 0
    assert counted(edge, "drop_fragment_poisoned") > 0
