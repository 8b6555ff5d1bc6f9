"""`sluice capture` and `sluice trace`: packets that no tcpdump of the appliance can see, as they come in and leave."""

import json
import signal
import socket
import struct
import subprocess
import time

import pytest

from clients import ALL_CLIENTS
from tools.lab import topology, wait_for
from tools.lab.sluiced import sluice_command

PCAPNG_SECTION, PCAPNG_INTERFACE, PCAPNG_PACKET = 0x0a0d0d0a, 1, 6
BOTH = {"ipFamilyPolicy": "RequireDualStack"}


class Looking:
    """A running `sluice capture` or `sluice trace`, from the moment that it is armed."""

    def __init__(self, edge, *arguments: str):
        self._process = edge.lab.ns("appliance").popen(
            [*sluice_command(edge.lab), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self._process.stderr.readline()
        assert b"Ctrl-C" in line, line + self._process.stderr.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        self._process.kill()

    def end(self, timeout: float = 10) -> tuple[bytes, str]:
        """What it has written, and what it says at its end."""
        output, errors = self._process.communicate(timeout=timeout)
        assert self._process.returncode == 0, errors
        return output, errors.decode()

    def frames(self) -> list[dict]:
        return [json.loads(line) for line in self.end()[0].splitlines()]


def looking(edge, *arguments: str) -> Looking:
    return Looking(edge, *arguments)


def seen_after(edge, action, *arguments: str) -> list[dict]:
    """The frames that were captured while `action` ran."""
    with looking(edge, "capture", "--output", "json", *arguments) as capture:
        action()
        edge.pause(0.3)  # The last ones are on their way.
        capture.interrupt()
        return capture.frames()


def blocks(data: bytes) -> list[tuple[int, bytes]]:
    """Type and body of each block of a pcapng file; fails where the file is not whole."""
    found, at = [], 0
    while at < len(data):
        kind, length = struct.unpack_from("=II", data, at)
        assert length % 4 == 0 and at + length <= len(data)
        assert struct.unpack_from("=I", data, at + length - 4)[0] == length
        found.append((kind, data[at + 8:at + length - 4]))
        at += length
    return found


def ends(frame: dict) -> tuple:
    return (frame["port"], frame["direction"], frame["source"], frame["source_port"], frame["destination"],
            frame["destination_port"])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_request_is_seen_on_both_sides_of_the_translation(edge, workers):
    edge.serve(**BOTH)
    for client, address in zip((topology.CLIENT, topology.CLIENT6), edge.addresses()):
        edge.wait_http(address, tries=4)
        for port in (43000, 43001, 43002):
            frames = seen_after(edge, lambda: edge.client.get(address, source=client, source_port=port),
                                "--client", f"[{client}]:{port}" if ":" in client else f"{client}:{port}")
            seen = {ends(frame) for frame in frames}
            node, node_port, snat, snat_port = next((e[4], e[5], e[2], e[3]) for e in seen if e[:2] == ("lan", "out"))
            assert snat in (topology.APPLIANCE_LAN, topology.APPLIANCE_LAN6)
            assert seen == {("wan", "in", client, port, address, 80),
                            ("lan", "out", snat, snat_port, node, node_port),
                            ("lan", "in", node, node_port, snat, snat_port),
                            ("wan", "out", address, 80, client, port)}, frames
            assert {frame["verdict"] for frame in frames} == {"to_node", "to_client"}
            assert frames[0]["tcp_flags"] == "S" and len({frame["worker"] for frame in frames}) == 1


def test_a_file_is_pcapng_that_tcpdump_reads(edge, tmp_path):
    address = edge.serve()
    path = tmp_path / "seen.pcapng"
    with looking(edge, "capture", "--vip", f"{address}:80", "--count", "8", "--write", str(path)) as capture:
        edge.client.get(address)
        _, said = capture.end()
    assert "8 frames, 0 lost" in said
    found = blocks(path.read_bytes())
    assert [kind for kind, _ in found] == [PCAPNG_SECTION] + 2 * [PCAPNG_INTERFACE] + 8 * [PCAPNG_PACKET]
    assert b"wan" in found[1][1] and b"lan" in found[2][1] and b"to_node, worker 0" in found[3][1]
    seconds = int.from_bytes(found[3][1][4:8], "little") << 32 | int.from_bytes(found[3][1][8:12], "little")
    assert abs(seconds / 1e9 - time.time()) < 30
    shown = subprocess.run(["tcpdump", "-nr", path], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(shown) == 8 and any(f"> {address}.80: Flags [S]" in line for line in shown), shown
    with looking(edge, "capture", "--vip", address, "--count", "3", "--write", "-") as capture:
        edge.client.get(address)
        piped, _ = capture.end()
    reader = subprocess.run(["tcpdump", "-nr", "-"], input=piped, capture_output=True, check=True)
    assert len(reader.stdout.splitlines()) == 3


def test_drops_are_captured_by_their_name(edge):
    address = edge.serve(loadBalancerSourceRanges=[f"{topology.CLIENT}/32"])

    def knock():
        edge.client.is_served(address, 81)
        edge.client.is_served(address, 80, source=topology.CLIENT_ADDRESSES[3])
        edge.client.get(address)
    frames = seen_after(edge, knock, "--verdict", "drop_no_service", "--verdict", "drop_source_range")
    seen = {(frame["direction"], frame["verdict"], frame["instead_of"]) for frame in frames}
    assert seen == {("in", "reply_reset", "drop_no_service"), ("out", "reply_reset", "drop_no_service"),
                    ("in", "drop_source_range", "")}
    assert {frame["destination_port"] for frame in frames if frame["direction"] == "in"} == {80, 81}


def test_frames_are_chosen_by_node_port_direction_and_protocol(edge):
    edge.place(node1=1, node2=1)
    address = edge.serve()

    def act():
        for _ in range(12):
            edge.client.get(address)
        edge.client.run("ping", "-c1", "-W1", address)
    node = topology.node_address("node1")
    frames = seen_after(edge, act, "--node", "node1", "--port", "lan", "--direction", "out")
    assert frames and {(frame["port"], frame["direction"], frame["destination"]) for frame in frames} == {
        ("lan", "out", node)}
    frames = seen_after(edge, act, "--vip", address, "--protocol", "icmp")
    assert [(frame["direction"], frame["icmp_type"], frame["verdict"]) for frame in frames] == [
        ("in", 8, "reply"), ("out", 0, "reply")]


def test_a_capture_ends_by_itself(edge):
    address = edge.serve()
    began = time.monotonic()
    with looking(edge, "capture", "--vip", address, "--seconds", "1") as capture:
        _, said = capture.end()
    assert 1 <= time.monotonic() - began < 4
    assert "0 frames, 0 lost" in said and "its time is over" in said
    with looking(edge, "capture", "--vip", address, "--count", "5", "--output", "json") as capture:
        edge.client.get(address)
        assert len(capture.frames()) == 5


def refusal(edge, *arguments: str) -> str:
    done = edge.lab.sluice(*arguments, check=False)
    assert done.returncode == 1
    return done.stderr


def wait_free(edge) -> None:
    """Until a capture may begin."""
    wait_for(lambda: edge.lab.sluice("capture", "--seconds", "0.1", "--output", "json", check=False).returncode == 0, 3,
             "the end of the capture before")


def test_a_second_capture_is_refused_and_one_whose_client_is_killed_is_over(edge):
    with looking(edge, "capture", "--vip", "203.0.113.99", "--write", "-") as first:
        said = refusal(edge, "trace", "--seconds", "1")
        assert "one runs already" in said and "`sluice capture --vip 203.0.113.99`" in said, said
        first.kill()
    wait_free(edge)


def test_a_client_that_does_not_read_holds_up_nobody(edge):
    address = edge.serve()
    # Its output is a pipe that fills.
    with looking(edge, "capture", "--write", "-", "--count", "100000000") as capture:
        load = edge.lab.load("new", f"{address}:80", rate=100, seconds=8, source=ALL_CLIENTS)
        assert edge.ask("show", "status")["workers"]
        counts = load.result()
        assert counts["failed"] == 0 and counts["ok"] > 500, counts
        capture.kill()
    wait_free(edge)


def test_wrong_names_are_refused(edge):
    assert "did you mean 'drop_no_service'" in refusal(edge, "capture", "--verdict", "drop_no_servce")
    assert "no port is called 'wlan'" in refusal(edge, "capture", "--port", "wlan")
    assert "node: expected the name of a node" in refusal(edge, "capture", "--node", "nobody")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_trace_tells_why_a_connection_gets_its_node(edge, workers):
    edge.place(node1=1, node2=1)
    address = edge.serve_echo()
    for port in range(44000, 44004):
        client = f"{topology.CLIENT}:{port}"
        foretold = edge.ask("explain", "flow", "tcp", client, f"{address}:9000")
        with looking(edge, "trace", "--client", client, "--count", "2", "--output", "json") as trace:
            with edge.client.connect(address, 9000, source_port=port) as connection:
                opening, answer = trace.frames()
                flow, = edge.ask("show", "flows", "--client", client)["flows"]
                connection.shutdown(socket.SHUT_WR)
        assert opening["verdict"] == "to_node" and opening["flow"]["node"] == flow["node"] == foretold["node"]
        assert opening["flow"]["snat_port"] == flow["snat_port"] and opening["worker"] == flow["worker"]
        steps = {step["step"]: step["sentence"] for step in opening["steps"]}
        assert list(steps) == ["arrive", "parse", "answer", *(["owner"] if workers > 1 else []), "classify", "steer",
                               "rewrite"]
        assert f"SNAT port {flow['snat']}:{flow['snat_port']}" in steps["steer"]
        told = {step["sentence"] for step in opening["steps"]}
        assert {step["sentence"] for step in foretold["steps"] if step["step"] in ("classify", "steer")} <= told
        assert answer["verdict"] == "to_client" and answer["steps"][-1]["sentence"].startswith("becomes tcp")
    assert edge.ask("show", "status")["workers"]


def test_a_trace_reads_like_an_explanation(edge):
    address = edge.serve()
    with looking(edge, "trace", "--vip", f"{address}:81", "--count", "1") as trace:
        edge.client.is_served(address, 81)
        text = trace.end()[0].decode()
    assert f"{address} is a VIP, but no Service has tcp {address}:81" in text
    assert "verdict: reply_reset instead of drop_no_service" in text


@pytest.mark.parametrize("workers", [2])
def test_traffic_does_not_suffer_while_all_of_it_is_captured(edge, workers, tmp_path):
    # Pods that no test before has talked to: those may still hold ports that a daemon which just started gives out.
    edge.place(node3=2)
    address = edge.serve()
    path = tmp_path / "all.pcapng"
    with looking(edge, "capture", "--count", "10000000", "--write", str(path)) as capture:
        counts = edge.lab.load("new", f"{address}:80", rate=150, seconds=6, source=ALL_CLIENTS).result()
        capture.interrupt()
        _, said = capture.end()
    assert counts["failed"] == 0 and counts["ok"] > 600, counts
    packets = sum(kind == PCAPNG_PACKET for kind, _ in blocks(path.read_bytes()))
    assert f"{packets} frames, " in said and packets > counts["ok"] * 10, said
