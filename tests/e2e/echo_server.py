"""What runs in a pod to check bytes: `echo_server.py ADDRESSES PORT POD NODE`, TCP and UDP, on each of the addresses
(separated by commas). Says `listening` when ready.

TCP: one letter, then   W                  one line of JSON: pod, node, the peer's address and port
                        G seed:u32 n:u64   n bytes of Random(seed)
                        P n:u64, n bytes   their SHA-256 (32 bytes)
                        E                  everything comes back until the client has finished
UDP: `who` is answered as W, anything else comes back as it is, without a checksum if it begins with `n`."""

import hashlib
import json
import random
import socket
import struct
import sys
import threading

CHUNK = 1 << 20
SO_NO_CHECK = 11


def stream(seed: int, count: int):
    """The bytes that both sides expect, in chunks."""
    source = random.Random(seed)
    while count:
        chunk = source.randbytes(min(CHUNK, count))
        count -= len(chunk)
        yield chunk


def exactly(connection: socket.socket, count: int):
    while count:
        piece = connection.recv(min(CHUNK, count))
        if not piece:
            raise ConnectionResetError("closed in the middle")
        count -= len(piece)
        yield piece


def read(connection: socket.socket, form: str) -> tuple:
    return struct.unpack(form, b"".join(exactly(connection, struct.calcsize(form))))


class Server:
    def __init__(self, address: str, port: int, pod: str, node: str):
        self._name = {"pod": pod, "node": node}
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._tcp = socket.create_server((address, port), family=family, backlog=512)
        self._udp = socket.socket(family, socket.SOCK_DGRAM)
        self._udp.bind((address, port))

    def run(self) -> None:
        threading.Thread(target=self._answer_datagrams, daemon=True).start()
        while True:
            connection, peer = self._tcp.accept()
            threading.Thread(target=self._answer, args=(connection, peer), daemon=True).start()

    def _who(self, peer) -> bytes:
        return json.dumps(self._name | {"peer": peer[0], "peer_port": peer[1]}).encode() + b"\n"

    def _answer(self, connection: socket.socket, peer) -> None:
        with connection:
            try:
                while command := connection.recv(1):
                    self._obey(command, connection, peer)
            except OSError:
                pass

    def _obey(self, command: bytes, connection: socket.socket, peer) -> None:
        if command == b"W":
            connection.sendall(self._who(peer))
        elif command == b"G":
            for chunk in stream(*read(connection, "!IQ")):
                connection.sendall(chunk)
        elif command == b"P":
            digest = hashlib.sha256()
            for piece in exactly(connection, *read(connection, "!Q")):
                digest.update(piece)
            connection.sendall(digest.digest())
        elif command == b"E":
            while piece := connection.recv(CHUNK):
                connection.sendall(piece)

    def _answer_datagrams(self) -> None:
        while True:
            data, peer = self._udp.recvfrom(65536)
            self._udp.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, int(data[:1] == b"n"))
            self._udp.sendto(self._who(peer) if data == b"who" else data, peer)


if __name__ == "__main__":
    servers = [Server(address, int(sys.argv[2]), sys.argv[3], sys.argv[4]) for address in sys.argv[1].split(",")]
    print("listening", flush=True)
    for server in servers:
        threading.Thread(target=server.run).start()
