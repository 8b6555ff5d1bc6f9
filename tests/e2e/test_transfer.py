"""Bytes arrive as they were sent, by the judgement of Linux: no checksum is wrong, no packet is lost or cut."""

import hashlib
import random
import socket
import struct
import threading

import pytest

from clients import ALL_CLIENTS, SO_NO_CHECK, snmp
from echo_server import exactly, stream
from tools.lab import topology

MEGABYTE = 1_000_000
WORKERS = [1, 2, 4]
SIZES = [*range(65), *range(65, 1400, 37), 1399, 1400, 1401, 1471, 1472]


@pytest.fixture(scope="module", params=WORKERS, ids=["one_worker", "two_workers", "four_workers"])
def workers(request):
    return request.param


@pytest.fixture
def echo(workers, edge):
    return edge.serve_echo()


@pytest.fixture
def no_checksum_errors(edge):
    """Nobody in the lab who looks at checksums may have found a wrong one at the end."""
    names = ["client", *edge.lab.nodes, *(pod.name for pod in edge.lab.pods.all() if pod.app == "ingress")]

    def wrong() -> dict:
        return {name: [snmp(edge.lab.ns(name))[key] for key in ("Tcp.InCsumErrors", "Udp.InCsumErrors")]
                for name in names}
    before = wrong()
    yield
    assert wrong() == before


def pull(connection: socket.socket, seed: int, count: int) -> None:
    connection.sendall(b"G" + struct.pack("!IQ", seed, count))
    expected, received = hashlib.sha256(), hashlib.sha256()
    for chunk in stream(seed, count):
        expected.update(chunk)
    for piece in exactly(connection, count):
        received.update(piece)
    assert received.digest() == expected.digest()


def push(connection: socket.socket, seed: int, count: int) -> None:
    connection.sendall(b"P" + struct.pack("!Q", count))
    sent = hashlib.sha256()
    for chunk in stream(seed, count):
        sent.update(chunk)
        connection.sendall(chunk)
    assert b"".join(exactly(connection, 32)) == sent.digest()


def test_fifty_megabytes_each_way(edge, echo, no_checksum_errors):
    with edge.client.connect(echo, 9000, timeout=30) as connection:
        pull(connection, 1, 50 * MEGABYTE)
        push(connection, 2, 50 * MEGABYTE)


def test_many_transfers_at_once(edge, echo, no_checksum_errors):
    failures = []

    def work(number: int) -> None:
        try:
            source = topology.CLIENT_ADDRESSES[number % len(topology.CLIENT_ADDRESSES)]
            with edge.client.connect(echo, 9000, timeout=30, source=source) as connection:
                pull(connection, number, MEGABYTE + number)
                push(connection, number, MEGABYTE - number)
        except (OSError, AssertionError) as error:
            failures.append(f"{number}: {error!r}")
    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.parametrize("checksum", ["with", "without"])
def test_datagrams_of_every_size(edge, echo, no_checksum_errors, checksum):
    """`without`: a zero in the checksum's place means none (RFC 768), and must not be taken for one."""
    asker = edge.client.open(socket.SOCK_DGRAM, timeout=1)
    if checksum == "without":
        asker.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    asker.connect((echo, 9000))
    letter = b"n" if checksum == "without" else b"y"
    with asker:
        for size in SIZES:
            sent = (letter + random.Random(size).randbytes(size))[:size]
            asker.send(sent)
            assert asker.recv(65536) == sent, f"{size} bytes"


def test_odd_pieces_on_a_connection_come_back_whole(edge, echo, no_checksum_errors):
    with edge.client.connect(echo, 9000, timeout=5) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(b"E")
        for size in SIZES[1:]:
            sent = random.Random(size).randbytes(size)
            connection.sendall(sent)
            assert b"".join(exactly(connection, size)) == sent, f"{size} bytes"


def test_new_connections_are_all_served(edge, echo):
    address = edge.serve()
    result = edge.lab.load("new", f"{address}:80", rate=300, seconds=3, source=ALL_CLIENTS).result()
    assert result["failed"] == 0, result
    status = edge.ask("show", "status")
    busy = [worker for worker in status["workers"] if int(worker.get("opened", 0)) > 0]
    assert len(busy) == len(status["workers"]), status["workers"]
