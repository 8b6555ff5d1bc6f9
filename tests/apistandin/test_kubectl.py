"""kubectl as people use it, over TLS and with validation on."""

import json
import shutil
import subprocess
import time

import pytest

from standin_client import Client

pytestmark = pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl")

_SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, labels: {app: web}}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector: {app: web}
  ports: [{name: http, port: 80}, {name: https, port: 443, targetPort: tls}]
"""
_NODE = """
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {addresses: [{type: InternalIP, address: 10.0.0.1}], conditions: [{type: Ready, status: "True"}]}
"""


class Kubectl:
    def __init__(self, standin, home):
        self._base = ["kubectl", "--kubeconfig", standin.kubeconfig, "--cache-dir", str(home / "cache")]
        self._folder = home

    def __call__(self, *arguments, manifest=None):
        done = subprocess.run([*self._base, *arguments], input=manifest, text=True, capture_output=True, timeout=20,
                              check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *arguments):
        return subprocess.Popen([*self._base, *arguments], stdout=subprocess.PIPE, text=True)


@pytest.fixture
def tls_standin(make_standin):
    return make_standin(plain=False)


@pytest.fixture
def kubectl(tls_standin, tmp_path):
    return Kubectl(tls_standin, tmp_path)


def _publish(kubectl, address):
    """Writes status as a controller does; kubectl 1.20 cannot, so by its `replace --raw`."""
    service = json.loads(kubectl("get", "svc", "web", "-o", "json"))
    service["status"] = {"loadBalancer": {"ingress": [{"ip": address}]}}
    kubectl("replace", "--raw", "/api/v1/namespaces/default/services/web/status", "-f", "-",
            manifest=json.dumps(service))


def test_create_apply_patch_and_delete(kubectl):
    kubectl("create", "-f", "-", manifest=_NODE)
    assert "created" in kubectl("apply", "-f", "-", manifest=_SERVICE)
    assert "unchanged" in kubectl("apply", "-f", "-", manifest=_SERVICE)
    changed = _SERVICE.replace("port: 443", "port: 8443")
    assert "configured" in kubectl("apply", "--validate=false", "-f", "-", manifest=changed)
    ports = json.loads(kubectl("get", "svc", "web", "-o", "json"))["spec"]["ports"]
    assert [port["port"] for port in ports] == [80, 8443]
    kubectl("patch", "svc", "web", "-p", '{"spec":{"externalTrafficPolicy":"Cluster"}}')
    kubectl("patch", "svc", "web", "--type=json", "-p", '[{"op":"remove","path":"/spec/selector"}]')
    kubectl("label", "node", "n1", "zone=a")
    kubectl("taint", "node", "n1", "gone=soon:NoSchedule")
    node = json.loads(kubectl("get", "node", "n1", "-o", "json"))
    assert node["metadata"]["labels"] == {"zone": "a"} and node["spec"]["taints"][0]["key"] == "gone"
    assert kubectl("delete", "svc", "web") == 'service "web" deleted\n'


def test_get_shows_the_usual_columns(kubectl):
    kubectl("create", "-f", "-", manifest=_NODE)
    kubectl("create", "-f", "-", manifest=_SERVICE)
    head, row = kubectl("get", "svc", "web").splitlines()
    assert head.split() == ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"]
    assert row.split()[3] == "<pending>" and row.split()[4].startswith("80:3")
    _publish(kubectl, "192.0.2.10")
    assert kubectl("get", "svc", "web", "-o", "wide").splitlines()[1].split()[3] == "192.0.2.10"
    assert kubectl("get", "nodes").splitlines()[1].split()[:2] == ["n1", "Ready"]
    assert "ACTIVE" in kubectl("get", "ns").upper()
    assert "uid:" in kubectl("get", "svc", "web", "-o", "yaml")
    assert kubectl("get", "pods,endpointslices,events,leases,cm,secrets,ep,sa", "-A") == ""


def test_get_watch_shows_the_address_arrive(kubectl):
    kubectl("create", "-f", "-", manifest=_SERVICE)
    watching = kubectl.start("get", "svc", "web", "-w")
    try:
        assert "EXTERNAL-IP" in watching.stdout.readline() and "<pending>" in watching.stdout.readline()
        time.sleep(0.2)
        _publish(kubectl, "192.0.2.10")
        assert "192.0.2.10" in watching.stdout.readline()
    finally:
        watching.kill()
        watching.wait()
        watching.stdout.close()


def test_describe_shows_events(kubectl):
    kubectl("create", "-f", "-", manifest=_SERVICE)
    uid = kubectl("get", "svc", "web", "-o", "jsonpath={.metadata.uid}")
    kubectl("create", "-f", "-", manifest=json.dumps({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "web.1", "namespace": "default"},
        "involvedObject": {"kind": "Service", "namespace": "default", "name": "web", "uid": uid, "apiVersion": "v1"},
        "reason": "EnsuredLoadBalancer", "message": "Ensured load balancer", "type": "Normal", "count": 1,
        "source": {"component": "sluiced"}, "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z"}))
    described = kubectl("describe", "svc", "web")
    assert "EnsuredLoadBalancer" in described and "HealthCheck NodePort" in described
    assert "service/web" in kubectl("get", "events")


def test_namespaces_come_and_go(kubectl):
    kubectl("create", "namespace", "team")
    kubectl("-n", "team", "create", "configmap", "settings", "--from-literal", "a=b")
    assert kubectl("-n", "team", "get", "cm", "settings", "-o", "jsonpath={.data.a}") == "b"
    kubectl("delete", "namespace", "team")
    assert "team" not in kubectl("get", "ns")


def test_a_client_without_tls_gets_nothing_and_harms_nothing(tls_standin, kubectl):
    client = Client(tls_standin)
    with pytest.raises(OSError):
        client.get("/readyz")
    assert kubectl("get", "--raw", "/readyz") == "ok"
