"""EndpointSlices made of Pods."""

import pytest

from standin_client import SLICES, Client, eventually

_PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture
def cluster(make_standin):
    return Client(make_standin(endpoints_controller=True))


def _pod(client, name, address, ready="True", port=8080):
    client.create(_PODS, name, metadata={"labels": {"app": "web"}}, spec={
        "nodeName": "n1", "containers": [
            {"name": "c", "image": "i", "ports": [{"name": "web", "containerPort": port}]}]})
    client.patch(f"{_PODS}/{name}/status", {"status": {
        "podIP": address, "phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}})


def _endpoints(client, count):
    def found():
        slices = client.get(SLICES)[1]["items"]
        each = [(one["ports"], endpoint) for one in slices for endpoint in one["endpoints"] or []]
        return (each,) if len(each) == count else None
    return eventually(found)[0]


def _service(client):
    client.create_service(selector={"app": "web"}, ports=[{"name": "http", "port": 80, "targetPort": "web"}])


def test_a_service_without_pods_has_an_empty_slice(cluster):
    _service(cluster)
    made = eventually(lambda: cluster.get(SLICES)[1]["items"])[0]
    assert (made["endpoints"], made["ports"], made["addressType"]) == (None, None, "IPv4")
    assert made["metadata"]["labels"]["kubernetes.io/service-name"] == "web"
    cluster.call("DELETE", "/api/v1/namespaces/default/services/web")
    eventually(lambda: not cluster.get(SLICES)[1]["items"])


def test_pods_become_endpoints_with_their_conditions(cluster):
    _service(cluster)
    _pod(cluster, "a", "10.1.0.1")
    _pod(cluster, "b", "10.1.0.2", ready="False")
    eventually(lambda: _endpoints(cluster, 2)[0][1]["conditions"]["ready"])
    (ports, first), (_, second) = _endpoints(cluster, 2)
    assert ports == [{"name": "http", "protocol": "TCP", "port": 8080}]
    assert (first["addresses"], first["nodeName"], first["targetRef"]["name"]) == (["10.1.0.1"], "n1", "a")
    assert first["conditions"] == {"ready": True, "serving": True, "terminating": False}
    assert not second["conditions"]["ready"]


def test_a_terminating_pod_serves_until_it_is_gone(cluster):
    _service(cluster)
    _pod(cluster, "a", "10.1.0.1")
    _endpoints(cluster, 1)
    cluster.call("DELETE", _PODS + "/a", {"gracePeriodSeconds": 60})
    wanted = {"ready": False, "serving": True, "terminating": True}
    eventually(lambda: _endpoints(cluster, 1)[0][1]["conditions"] == wanted)
    cluster.call("DELETE", _PODS + "/a", {"gracePeriodSeconds": 0})
    _endpoints(cluster, 0)


def test_pods_whose_named_port_differs_are_in_different_slices(cluster):
    _service(cluster)
    _pod(cluster, "a", "10.1.0.1", port=8080)
    _pod(cluster, "b", "10.1.0.2", port=9090)
    eventually(lambda: [ports[0]["port"] for ports, _ in sorted(_endpoints(cluster, 2), key=str)] == [8080, 9090])
    assert len(cluster.get(SLICES)[1]["items"]) == 2
