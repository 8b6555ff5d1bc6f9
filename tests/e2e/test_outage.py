"""The API server goes away or misbehaves; traffic does not notice, and what was changed meanwhile is caught up with."""

import pytest

from clients import ALL_CLIENTS
from edge import INGRESS, NAMESPACE
from tools.lab import wait_for

SECONDS = 60


def start_load(edge, address: str, seconds: float):
    return edge.lab.load("new", f"{address}:80", rate=50, seconds=seconds, source=ALL_CLIENTS)


def test_traffic_goes_on_while_the_api_server_is_silent_and_changes_are_caught_up_with(edge):
    address = edge.serve()
    edge.create("doomed")
    doomed = edge.wait_address("doomed")
    load = start_load(edge, address, SECONDS + 2)
    edge.lab.cut_api_server()
    edge.create("meanwhile")
    edge.kube.delete("services", "doomed", NAMESPACE)
    edge.patch({"externalTrafficPolicy": "Cluster"})
    edge.pause(SECONDS)
    assert edge.address("meanwhile") is None and edge.get("doomed")
    edge.lab.mend_api_server()
    edge.wait_http(edge.wait_address("meanwhile", timeout=30))
    wait_for(lambda: edge.get("doomed") is None, 30, "the end of what was deleted")
    wait_for(lambda: edge.client.is_dead(doomed) or edge.address("meanwhile") == doomed, 5, "a dead address")
    row = wait_for(lambda: next((row for row in edge.ask("show", "services")["services"]
                                 if row["name"] == INGRESS and row["policy"] == "Cluster"), None), 5, "the new policy")
    assert row["vip"] == address
    result = load.result()
    assert result["failed"] == 0, result


@pytest.mark.real_too
def test_traffic_goes_on_while_the_api_server_is_stopped(edge):
    address = edge.serve()
    load = start_load(edge, address, SECONDS + 1)
    edge.lab.stop_control_plane()
    edge.pause(SECONDS)
    edge.lab.start_control_plane()
    assert edge.address() == address
    edge.create("afterwards")
    edge.wait_http(edge.wait_address("afterwards", timeout=30), timeout=120)
    result = load.result()
    assert result["failed"] == 0, result
    # kube-proxy comes back in its own time: its delays have doubled for a minute. Tests that follow need all of them.
    edge.create("everywhere", policy="Cluster")
    edge.wait_every_node(edge.node_port("http", "everywhere"), timeout=150)


FAULTS = {
    "watches_that_expire_by_an_event": {"expire_watches": True},
    "watches_that_expire_by_status": {"expired_as_status": True, "expire_watches": True},
    "watches_cut_in_the_middle_of_a_line": {"drop_watches": True},
    "garbage_in_watches": {"garbage_line": "{]"},
    "events_doubled_and_out_of_order": {"duplicate_events": True, "reorder_events": True},
    "watches_and_lists_answered_with_500": {"drop_watches": True, "fail": [
        {"verb": verb, "code": 500} for verb in ("watch", "list")]},
    "watches_answered_with_429": {"drop_watches": True, "fail": {"verb": "watch", "code": 429, "retry_after": 1}},
}
REFUSALS = {
    "an-error": {"code": 500},
    "too-many": {"code": 429, "retry_after": 1},
    "a-conflict": {"code": 409, "reason": "Conflict"},
    "done-but-not-answered": {"applied": True, "reset": True},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_through(edge, fault):
    address = edge.serve()
    load = start_load(edge, address, 2.5)
    for _ in range(2):
        edge.faults(**FAULTS[fault])
        edge.pause(0.3)
    edge.faults(**FAULTS[fault])
    edge.create("later")
    edge.wait_http(edge.wait_address("later", timeout=15))
    edge.faults(clear=True)
    edge.delete("later", timeout=15)
    assert edge.address() == address
    result = load.result()
    assert result["failed"] == 0, result


def test_a_write_that_failed_is_tried_again(edge):
    address = edge.serve()
    load = start_load(edge, address, 3)
    edge.faults(fail=[{"verb": "patch", "resource": "services", "name": name} | how for name, how in REFUSALS.items()])
    for name in REFUSALS:
        edge.create(name)
    for name in REFUSALS:
        edge.wait_http(edge.wait_address(name, timeout=15))
    assert edge.wait_event("SyncLoadBalancerFailed", "an-error")
    result = load.result()
    assert result["failed"] == 0, result
