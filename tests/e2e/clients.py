"""Clients as the outside world has them: sockets made in the client's namespace, and the usual programs run there."""

import contextlib
import http.client
import json
import socket
import subprocess
from dataclasses import dataclass

from tools.lab import topology
from tools.lab.programs import find

SO_NO_CHECK = 11
ALL_CLIENTS = ",".join(topology.CLIENT_ADDRESSES)  # As `lab.load` takes them.


@dataclass
class Answer:
    status: int
    pod: str
    node: str
    body: str


class Client:
    def __init__(self, lab):
        self._lab = lab
        self._netns = lab.ns("client")

    def open(self, kind: int, source: str = topology.CLIENT, source_port: int = 0, timeout: float = 2) -> socket.socket:
        """Of the family of `source`."""
        with self._netns.entered():
            made = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET, kind)
        made.settimeout(timeout)
        if kind == socket.SOCK_STREAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((source, source_port))
        return made

    def connect(self, address: str, port: int, **how) -> socket.socket:
        connection = self.open(socket.SOCK_STREAM, **({"source": topology.CLIENT6} if ":" in address else {}) | how)
        try:
            connection.connect((address, port))
        except BaseException:
            connection.close()
            raise
        return connection

    def get(self, address: str, port: int = 80, path: str = "/whoami", host: str = "lab", **how) -> Answer:
        with self.connect(address, port, **how) as connection:
            return self.get_on(connection, path, host)

    @staticmethod
    def get_on(connection: socket.socket, path: str = "/whoami", host: str = "lab") -> Answer:
        """On a connection that stays open."""
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        body = answer.read().decode()
        return Answer(answer.status, answer.headers["X-Lab-Pod"], answer.headers["X-Lab-Node"], body)

    def is_served(self, address: str, port: int = 80, timeout: float = 1, **how) -> bool:
        try:
            return self.get(address, port, timeout=timeout, **how).status == 200
        except (OSError, http.client.HTTPException):
            return False

    def is_dead(self, address: str, port: int = 80) -> bool:
        """Nobody takes a connection there: it is refused, or nothing answers."""
        try:
            self.connect(address, port, timeout=0.7).close()
            return False
        except OSError:
            return True

    def whoami(self, address: str, port: int = 9000, timeout: float = 0.5, **how) -> dict | None:
        """What the echo server sees: its pod and node, and the address and port of its peer."""
        with contextlib.suppress(OSError, json.JSONDecodeError):
            with self.connect(address, port, timeout=timeout, **how) as connection:
                connection.sendall(b"W")
                return json.loads(connection.makefile().readline())
        return None

    def run(self, *command, **options) -> subprocess.CompletedProcess:
        return self._netns.run(list(command), **options)

    def curl(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        return self.run(find("curl"), "-sS", "-m", "3", *arguments, **options)


def snmp(namespace) -> dict[str, int]:
    """The kernel's counters of a namespace: {"Tcp.InCsumErrors": 0, …}"""
    lines = namespace.run(["cat", "/proc/net/snmp"]).stdout.splitlines()
    found = {}
    for names, values in zip(lines[::2], lines[1::2]):
        group = names.partition(":")[0]
        pairs = zip(names.split()[1:], values.split()[1:])
        found |= {f"{group}.{name}": int(value) for name, value in pairs}
    return found
