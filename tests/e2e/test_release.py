"""What ends is let go of: the address, the finalizers, the object; and the pool serves the next one."""

import pytest

from edge import INGRESS, STANDARD_FINALIZER
from tools.lab import wait_for

ONLY_ADDRESS = "203.0.113.99"


@pytest.mark.real_too
def test_a_deleted_service_leaves_a_dead_address_and_no_object(edge):
    address = edge.serve()
    edge.delete()  # Answers when the object is gone, finalizers with it.
    wait_for(lambda: edge.client.is_dead(address), 2, "a dead address")
    assert edge.wait_event("DeletedLoadBalancer")
    assert not [row for row in edge.ask("show", "services").get("services", []) if row["name"] == INGRESS]


@pytest.mark.real_too
def test_a_change_to_cluster_ip_releases_and_the_way_back_serves_again(edge):
    address = edge.serve()
    changed = {"type": "ClusterIP", "externalTrafficPolicy": None, "healthCheckNodePort": None,
               "loadBalancerClass": None,
               "ports": [{"name": "http", "port": 80, "targetPort": "http", "nodePort": None}]}
    edge.patch(changed)
    wait_for(lambda: not edge.get()["metadata"].get("finalizers"), 5, "no finalizers")
    assert not edge.address()
    wait_for(lambda: edge.client.is_dead(address), 2, "a dead address")
    edge.patch({"type": "LoadBalancer", "externalTrafficPolicy": "Local", "loadBalancerClass": "sluice.dev/edge"})
    edge.wait_http(edge.wait_address())
    assert STANDARD_FINALIZER in edge.get()["metadata"]["finalizers"]


def test_the_only_address_of_a_pool_is_reused_by_the_next_service(edge):
    edge.run(pool=f"{ONLY_ADDRESS}/32")
    for name in ("first", "second", "third"):
        assert edge.serve(name) == ONLY_ADDRESS
        edge.delete(name)


def test_a_service_that_finds_the_pool_empty_waits_for_an_address(edge):
    edge.run(pool=f"{ONLY_ADDRESS}/32")
    assert edge.serve("early") == ONLY_ADDRESS
    edge.create("late")
    assert edge.wait_event("AllocationFailed", "late")
    condition = wait_for(lambda: edge.condition("sluice.dev/Provisioned", "late"), 2, "a condition")
    assert (condition["status"], condition["reason"]) == ("False", "AllocationFailed")
    assert "public" in condition["message"] and edge.address("late") is None
    assert edge.client.is_served(ONLY_ADDRESS)
    edge.delete("early")
    assert edge.wait_address("late", timeout=2) == ONLY_ADDRESS
    edge.wait_http(ONLY_ADDRESS)
    wait_for(lambda: edge.condition("sluice.dev/Provisioned", "late")["status"] == "True", 2, "the condition is true")


def test_a_service_made_anew_under_its_name_is_served(edge):
    edge.serve()
    edge.delete()
    edge.serve()
