"""Several clusters on one appliance: one that is away, one that gets another name, one that stands there twice."""

import contextlib
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tools.lab import sluiced as daemon
from tools.lab import topology, wait_for
from tools.lab.programs import find

NOBODY = "https://192.0.2.1:6443"  # TEST-NET-1: nothing is there.
NO_NAMES = "table inet nonames { chain out { type filter hook output priority 0; udp dport 53 drop; }; }"


@pytest.fixture
def clusters(edge):
    """Starts the appliance with other clusters than the lab's one; each is the lab's, changed by a dict."""
    def run(*changes: dict) -> None:
        text = daemon.fill(edge.configuration(topology.VIP_POOL, 1), daemon.values(edge.lab))
        head, section = text.split("clusters:\n")
        lab, = yaml.safe_load(section)
        edge.lab.sluiced.stop()
        edge.lab.start_sluiced(head + yaml.safe_dump({"clusters": [lab | change for change in changes]}))

    yield run
    edge.lab.sluiced.stop()  # The next one gets the usual configuration again.


def by_server(edge, folder: Path, name: str, server: str) -> dict:
    """A cluster as the lab's, whose API server is looked for somewhere else."""
    kubeconfig = yaml.safe_load(edge.lab.kubeconfig.read_text(encoding="utf-8"))
    kubeconfig["clusters"][0]["cluster"]["server"] = server
    file = folder / f"{name}.kubeconfig"
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
    return {"name": name, "kubeconfig": str(file)}


@pytest.fixture
def away(edge, tmp_path) -> dict:
    """A cluster whose API server does not answer."""
    return by_server(edge, tmp_path, "away", NOBODY)


@contextlib.contextmanager
def etc_file(namespace, name: str, text: str):
    """What this file in /etc says to programs that `ip netns exec` starts in the namespace."""
    folder = Path("/etc/netns") / namespace.full
    had_parent = folder.parent.exists()
    folder.mkdir(parents=True)
    try:
        (folder / name).write_text(text, encoding="utf-8")
        yield
    finally:
        (folder / name).unlink(missing_ok=True)
        folder.rmdir()
        if not had_parent:
            folder.parent.rmdir()


@pytest.fixture
def no_names(edge):
    """The appliance's questions for names get no answer, not even a refusal."""
    namespace = edge.lab.ns("appliance")
    with etc_file(namespace, "resolv.conf", "nameserver 192.0.2.53\n"):
        namespace.run([find("nft"), "-f", "-"], input=NO_NAMES)
        yield
        namespace.run([find("nft"), "delete", "table", "inet", "nonames"])


@pytest.fixture
def second_name(edge) -> str:
    """The URL of the lab's API server by a name that the appliance knows for its address."""
    kubeconfig = yaml.safe_load(edge.lab.kubeconfig.read_text(encoding="utf-8"))
    url = urlsplit(kubeconfig["clusters"][0]["cluster"]["server"])
    with etc_file(edge.lab.ns("appliance"), "hosts", f"{url.hostname} kubernetes\n"):
        yield f"{url.scheme}://kubernetes:{url.port}"  # A name that its certificate has.


def test_one_that_is_away_holds_up_only_what_is_new(edge, clusters, away):
    address = edge.serve()
    clusters({}, away)
    edge.wait_http(address)
    edge.create("new", policy="Cluster")
    sentence = edge.wait_event("AllocationFailed", "new")
    assert "cluster away was read for the first time" in sentence
    edge.lab.sluiced.wait_log("cluster away was not read yet")
    shown = edge.lab.sluice("show", "services").stdout
    assert "warning: cluster away was not read yet" in shown and address in shown
    clusters({})
    edge.wait_http(edge.wait_address("new"))
    assert edge.address() == address


def test_one_that_is_away_does_not_hold_up_the_end_of_others_services(edge, clusters, away):
    clusters({}, away)
    edge.create("new", policy="Cluster")
    edge.wait_event("AllocationFailed", "new")
    edge.delete("new")


def test_one_whose_name_cannot_be_resolved_holds_up_nobody(edge, clusters, no_names, tmp_path):
    address = edge.serve()
    clusters({}, by_server(edge, tmp_path, "nameless", "https://api.away.example:6443"))
    edge.wait_http(address)
    began, longest = time.monotonic(), 0.0
    while time.monotonic() - began < 8:  # Connecting is given up after 5 s.
        asked = time.monotonic()
        edge.ask("show", "status")
        longest = max(longest, time.monotonic() - asked)
        edge.pause(0.1)
    assert longest < 2, f"an answer took {longest:.1f} s"


def test_one_that_gets_another_name_keeps_its_addresses(edge, clusters):
    edge.create(policy="Cluster", ipFamilyPolicy="RequireDualStack", ipFamilies=["IPv4", "IPv6"])
    before = wait_for(lambda: len(edge.addresses()) == 2 and edge.addresses(), 10, "two addresses")
    clusters({"name": "renamed"})
    for address in before:
        edge.wait_http(address)
    assert edge.addresses() == before
    assert edge.ask("show", "services")["services"][0]["cluster"] == "renamed"


def test_one_that_stands_there_twice_is_served_once(edge, clusters, second_name, tmp_path):
    address = edge.serve()
    clusters(by_server(edge, tmp_path, "again", second_name), {})  # No text tells that it is the same server.
    edge.lab.sluiced.wait_log("are the same one, or copies")
    edge.wait_http(address)
    assert edge.addresses() == [address]
    version = edge.get()["metadata"]["resourceVersion"]
    edge.pause(1)
    assert edge.get()["metadata"]["resourceVersion"] == version, "nobody fights over the status"
    service, = edge.ask("show", "services")["services"]
    assert service["cluster"] == "lab"
