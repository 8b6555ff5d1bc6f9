"""Load from the client: many new connections at a steady rate, or a few long-lived ones that must not break.

    python3 -m tools.lab.load new  --target 203.0.113.64:80 --rate 200 --seconds 10
    python3 -m tools.lab.load long --target [2001:db8:e::64]:80 --count 20 --seconds 30

Runs inside the client's namespace (`Load` does that for a test) and prints one JSON object at the end. It begins with a
line `started` on stderr, once the long-lived connections stand or the first new one is due."""

import argparse
import asyncio
import collections
import json
import socket
import subprocess
import sys
import time

from .netns import Namespace
from .process import REPOSITORY
from .programs import LabError


class Load:
    """A running load. `result()` waits for its end; `stop()` ends it early and answers what was counted."""

    def __init__(self, namespace: Namespace, kind: str, target: str, settings: dict):
        options = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
        self._process = namespace.popen([sys.executable, "-m", "tools.lab.load", kind, f"--target={target}", *options],
                                        cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self._process.stderr.readline()
        if line.strip() != "started":
            raise LabError(f"load: {line}{self._process.stderr.read()}")

    def result(self, timeout: float = 600) -> dict:
        output, errors = self._process.communicate(timeout=timeout)
        if self._process.returncode != 0:
            raise LabError(f"load: exit {self._process.returncode}\n{errors}")
        return json.loads(output)

    def stop(self) -> dict:
        self._process.terminate()
        return self.result()


class Counts:
    """What became of the requests."""

    def __init__(self):
        self.ok = 0
        self.failures = collections.Counter()
        self.first_failures = []  # (seconds since the start, why)
        self.pods = collections.Counter()
        self.nodes = collections.Counter()
        self.latencies = []
        self.began = time.monotonic()

    def succeed(self, answer: bytes, began: float) -> None:
        self.ok += 1
        self.latencies.append(time.monotonic() - began)
        self.pods[header(answer, b"X-Lab-Pod")] += 1
        self.nodes[header(answer, b"X-Lab-Node")] += 1

    def fail(self, why: str, **detail) -> None:
        self.failures[why] += 1
        if len(self.first_failures) < 20:
            self.first_failures.append({"at": round(time.monotonic() - self.began, 3), "why": why, **detail})

    def summary(self) -> dict:
        ordered = sorted(self.latencies) or [0.0]
        failed = sum(self.failures.values())
        return {
            "ok": self.ok, "failed": failed, "total": self.ok + failed, "failures": dict(self.failures),
            "first_failures": self.first_failures, "pods": dict(self.pods), "nodes": dict(self.nodes),
            "seconds": round(time.monotonic() - self.began, 3),
            "latency_ms": {"median": round(ordered[len(ordered) // 2] * 1e3, 2),
                           "p99": round(ordered[len(ordered) * 99 // 100] * 1e3, 2),
                           "max": round(ordered[-1] * 1e3, 2)},
        }


def header(answer: bytes, name: bytes) -> str:
    head = answer.partition(b"\r\n\r\n")[0]
    _, _, rest = head.partition(b"\r\n" + name + b": ")
    return rest.partition(b"\r\n")[0].decode()


def why_failed(error: BaseException) -> str:
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ConnectionResetError):
        return "reset"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error) or type(error).__name__


class Target:
    def __init__(self, options: argparse.Namespace):
        host, _, port = options.target.rpartition(":")
        host = host.strip("[]")
        self.address = (host, int(port))
        self.family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sources = options.source.split(",") if options.source else []
        self.host = options.host or host
        self.path = options.path
        self.timeout = options.timeout
        self._next_source = 0

    async def connect(self) -> socket.socket:
        connection = socket.socket(self.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            if self.sources:
                connection.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
                connection.bind((self.sources[self._next_source % len(self.sources)], 0))
                self._next_source += 1
            await asyncio.get_running_loop().sock_connect(connection, self.address)
        except BaseException:
            connection.close()
            raise
        return connection

    def request(self, keep: str) -> bytes:
        return f"GET {self.path} HTTP/1.1\r\nHost: {self.host}\r\nConnection: {keep}\r\n\r\n".encode()


async def receive(connection: socket.socket) -> bytes:
    """One whole answer, by its Content-Length."""
    loop, answer = asyncio.get_running_loop(), b""
    while True:
        piece = await loop.sock_recv(connection, 65536)
        if not piece:
            raise ConnectionResetError("closed by the server")
        answer += piece
        head, separator, body = answer.partition(b"\r\n\r\n")
        if separator and len(body) >= int(header(answer, b"Content-Length") or 0):
            if not head.startswith(b"HTTP/1.1 200"):
                raise ValueError("status " + head[9:12].decode())
            return answer


async def one_request(target: Target, counts: Counts) -> None:
    began = time.monotonic()
    port = 0
    try:
        async with asyncio.timeout(target.timeout):
            with await target.connect() as connection:
                port = connection.getsockname()[1]
                await asyncio.get_running_loop().sock_sendall(connection, target.request("close"))
                counts.succeed(await receive(connection), began)
    except (OSError, ValueError) as error:
        counts.fail(why_failed(error), source_port=port)


async def new_connections(target: Target, options: argparse.Namespace, counts: Counts) -> dict:
    """Starts each connection at its due time, whatever became of those before."""
    tasks, began = set(), time.monotonic()
    try:
        for number in range(int(options.rate * options.seconds)):
            delay = began + number / options.rate - time.monotonic()
            if delay > 0:
                await asyncio.sleep(delay)
            task = asyncio.create_task(one_request(target, counts))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    finally:
        while tasks:
            await asyncio.wait(tasks)
    return counts.summary()


async def one_long(connection: socket.socket, target: Target, options: argparse.Namespace, counts: Counts) -> None:
    """Asks again and again on the same connection until the time is over."""
    loop, deadline, pod = asyncio.get_running_loop(), time.monotonic() + options.seconds, ""
    with connection:
        while time.monotonic() < deadline:
            began = time.monotonic()
            try:
                async with asyncio.timeout(target.timeout):
                    await loop.sock_sendall(connection, target.request("keep-alive"))
                    answer = await receive(connection)
            except (OSError, ValueError) as error:
                counts.fail(why_failed(error), source_port=connection.getsockname()[1], pod=pod)
                return
            counts.succeed(answer, began)
            pod = header(answer, b"X-Lab-Pod")
            await asyncio.sleep(options.interval)


async def long_connections(target: Target, options: argparse.Namespace, counts: Counts) -> dict:
    tasks = []
    try:
        async with asyncio.timeout(target.timeout):
            connections = await asyncio.gather(*(target.connect() for _ in range(options.count)))
    except OSError as error:
        raise SystemExit(f"long-lived connections to {options.target}: {why_failed(error)}") from None
    started()
    tasks = [asyncio.create_task(one_long(connection, target, options, counts)) for connection in connections]
    try:
        await asyncio.gather(*tasks)
    except asyncio.CancelledError:
        await asyncio.gather(*tasks, return_exceptions=True)
    summary = counts.summary()
    return summary | {"connections": options.count, "broken": summary["failed"]}


def started() -> None:
    print("started", file=sys.stderr, flush=True)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools.lab.load", description="load from the lab's client, JSON out")
    kinds = parser.add_subparsers(dest="kind", required=True)
    new, long = kinds.add_parser("new"), kinds.add_parser("long")
    new.add_argument("--rate", type=float, default=200, help="new connections per second")
    long.add_argument("--count", type=int, default=10, help="connections, all kept open")
    long.add_argument("--interval", type=float, default=0.1, help="seconds between requests on one connection")
    for kind in (new, long):
        kind.add_argument("--target", required=True, help="ADDRESS:PORT of an ingress")
        kind.add_argument("--seconds", type=float, default=10)
        kind.add_argument("--timeout", type=float, default=2, help="seconds until a request counts as failed")
        kind.add_argument("--source", default="", help="comma-separated client addresses, used in turn")
        kind.add_argument("--host", default="", help="host name to ask for; by default the address")
        kind.add_argument("--path", default="/whoami", help="answered by the ingress controller itself")
    return parser.parse_args(arguments)


async def run(options: argparse.Namespace) -> dict:
    target, counts = Target(options), Counts()
    task = asyncio.current_task()
    asyncio.get_running_loop().add_signal_handler(15, task.cancel)
    if options.kind == "long":
        return await long_connections(target, options, counts)
    started()
    try:
        return await new_connections(target, options, counts)
    except asyncio.CancelledError:
        return counts.summary()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(parse(None)))))
