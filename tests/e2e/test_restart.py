"""sluiced comes and goes; who was promised an address keeps it."""

import re
import time

import pytest

from tools.lab import wait_for

COUNT = 10


@pytest.fixture
def ten(edge) -> dict[str, str]:
    """Ten Services of one port each: name → address."""
    for number in range(COUNT):
        edge.create(f"web-{number}", (("http", 80, "http", "TCP"),), "Local" if number % 2 else "Cluster")
    addresses = {f"web-{number}": edge.wait_address(f"web-{number}") for number in range(COUNT)}
    assert len(set(addresses.values())) == COUNT
    for address in addresses.values():
        edge.wait_http(address)
    return addresses


@pytest.mark.parametrize("end", ["stop", "kill"])
@pytest.mark.real_too
def test_every_service_keeps_its_address_over(edge, ten, end):
    daemon = edge.lab.sluiced
    if end == "stop":
        assert daemon.stop() == 0
    else:
        daemon.kill()
    gone = f"web-{COUNT - 1}"
    edge.kube.delete("services", gone, "ingress-nginx")
    assert edge.get(gone)["metadata"]["deletionTimestamp"]  # Held until we are back to let go.
    daemon.start()
    daemon.wait_log("serving")
    wait_for(lambda: edge.get(gone) is None, 5, "the release of what was deleted meanwhile")
    del ten[gone]
    for name, address in ten.items():
        edge.wait_http(address)
        assert edge.address(name) == address
    assert edge.serve("newcomer") not in ten.values()


def test_a_start_without_the_api_server_waits_for_it_and_keeps_every_address(edge):
    address = edge.serve()
    edge.lab.cut_api_server()
    edge.lab.sluiced.kill()
    edge.lab.sluiced.start()
    edge.lab.sluiced.wait_log("ready: ")
    edge.pause(0.5)
    cluster, = edge.ask("show", "status")["clusters"]
    assert not cluster.get("synced") and any(feed.get("sentence") for feed in cluster["feeds"])
    edge.lab.mend_api_server()
    edge.wait_http(address, timeout=15)
    assert edge.address() == address


@pytest.mark.real_too
def test_the_first_packet_is_served_within_two_seconds_of_start(edge):
    address = edge.serve()
    daemon = edge.lab.sluiced
    daemon.stop()
    began = time.monotonic()
    daemon.start()
    wait_for(lambda: edge.client.is_served(address, timeout=0.15), 10, "the first answer")
    took = time.monotonic() - began
    assert took < 2.0, f"{took:.2f} s"


def test_the_log_says_what_memory_is_for(edge):
    lines = re.findall(r"memory: (.*)", edge.lab.sluiced.log)
    text = "\n".join(lines)
    assert re.search(r"packet buffers: \d+ MB of small pages", text), lines
    assert re.search(r"room for 65536 flows: \d+ MB", text) and re.search(r"SNAT ports: \d+ MB", text), lines
