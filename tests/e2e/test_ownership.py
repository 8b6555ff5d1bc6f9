"""Which Services are ours, and that nobody else's is touched."""

import pytest

from edge import INGRESS, NAMESPACE
from tools.lab import wait_for


def untouched(edge, name: str) -> bool:
    service = edge.get(name)
    status = service.get("status", {})
    return (not service["metadata"].get("finalizers") and not status.get("loadBalancer")
            and not status.get("conditions") and not edge.events(name))


def test_a_service_of_a_foreign_class_is_ignored_entirely(edge):
    edge.create("foreign", loadBalancerClass="example.org/other")
    edge.create("classless", loadBalancerClass=None)
    edge.serve()  # Made later and served: the others were seen and left alone.
    assert untouched(edge, "foreign") and untouched(edge, "classless")
    edge.kube.delete("services", "foreign", NAMESPACE)
    assert edge.get("foreign") is None  # Nothing held it up.


@pytest.mark.real_too
def test_a_service_that_is_no_load_balancer_is_left_alone(edge):
    edge.create("inside", type="ClusterIP", loadBalancerClass=None, externalTrafficPolicy=None)
    edge.create("ports", type="NodePort", loadBalancerClass=None)
    edge.serve()
    assert untouched(edge, "inside") and untouched(edge, "ports")


@pytest.mark.real_too
def test_ports_of_a_service_are_changed_and_its_address_stays(edge):
    address = edge.serve()
    edge.patch({"ports": [{"name": "http", "port": 8080, "targetPort": "http", "protocol": "TCP"}]})
    edge.wait_http(address, 8080)
    wait_for(lambda: edge.client.is_dead(address, 80), 3, "the old port dead")
    assert edge.address(INGRESS) == address
