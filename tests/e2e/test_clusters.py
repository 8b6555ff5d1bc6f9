"""Several clusters on one appliance: one that is away, one that gets another name, one that stands there twice."""

import pytest
import yaml

from tools.lab import sluiced as daemon
from tools.lab import topology, wait_for

NOBODY = "https://192.0.2.1:6443"  # TEST-NET-1: nothing is there.


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


@pytest.fixture
def away(edge, tmp_path) -> dict:
    """A cluster whose API server does not answer."""
    kubeconfig = yaml.safe_load(edge.lab.kubeconfig.read_text(encoding="utf-8"))
    kubeconfig["clusters"][0]["cluster"]["server"] = NOBODY
    file = tmp_path / "away.kubeconfig"
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
    return {"name": "away", "kubeconfig": str(file), "claim_classless": True, "load_balancer_classes": []}


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


def test_one_that_gets_another_name_keeps_its_addresses(edge, clusters):
    edge.create(policy="Cluster", ipFamilyPolicy="RequireDualStack", ipFamilies=["IPv4", "IPv6"])
    before = wait_for(lambda: len(edge.addresses()) == 2 and edge.addresses(), 10, "two addresses")
    clusters({"name": "renamed"})
    for address in before:
        edge.wait_http(address)
    assert edge.addresses() == before
    assert edge.ask("show", "services")["services"][0]["cluster"] == "renamed"


def test_one_that_stands_there_twice_is_served_once(edge, clusters, tmp_path):
    address = edge.serve()
    kubeconfig = yaml.safe_load(edge.lab.kubeconfig.read_text(encoding="utf-8"))
    server = kubeconfig["clusters"][0]["cluster"]
    server["server"] = server["server"] + "/."  # Another text for the same server.
    file = tmp_path / "again.kubeconfig"
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
    clusters({"name": "again", "kubeconfig": str(file)}, {})
    edge.lab.sluiced.wait_log("are the same one, or copies")
    edge.wait_http(address)
    assert edge.addresses() == [address]
    version = edge.get()["metadata"]["resourceVersion"]
    edge.pause(1)
    assert edge.get()["metadata"]["resourceVersion"] == version, "nobody fights over the status"
    service, = edge.ask("show", "services")["services"]
    assert service["cluster"] == "lab"
