"""Against a real API server: the account may do what the appliance does, and nothing else."""
import json
import stat

import pytest
import yaml
from conftest import BASE

VERBS = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]
RESOURCES = [
    "services", "services/status", "nodes", "nodes/status", "endpointslices.discovery.k8s.io", "events", "pods",
    "secrets", "configmaps", "endpoints", "namespaces", "serviceaccounts", "deployments.apps",
    "leases.coordination.k8s.io", "clusterroles.rbac.authorization.k8s.io",
    "clusterrolebindings.rbac.authorization.k8s.io",
]
ALLOWED = {(verb, resource) for verb in ("get", "list", "watch")
           for resource in ("services", "nodes", "endpointslices.discovery.k8s.io")}
ALLOWED |= {("patch", "services/status"), ("create", "events"), ("patch", "events")}


def review(verb, resource):
    """The question to the API server whether we may do that, in all namespaces."""
    path, _, group = resource.partition(".")
    name, _, subresource = path.partition("/")
    attributes = {"verb": verb, "resource": name, "group": group, "subresource": subresource}
    return json.dumps({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                       "spec": {"resourceAttributes": attributes}})


def test_applying_twice_changes_nothing(applied):
    lines = applied.kubectl("apply", "-k", BASE).splitlines()
    assert len(lines) == 5 and all(line.endswith("unchanged") for line in lines)


def test_what_is_allowed_is_allowed_and_all_else_is_denied(applied, kubeconfig):
    asked = [(verb, resource) for resource in RESOURCES for verb in VERBS]
    answers = applied.kubectl("create", "-f", "-", "-o", 'jsonpath={.status.allowed}{"\\n"}', kubeconfig=kubeconfig,
                              stdin="\n".join(review(*pair) for pair in asked)).split()
    assert len(answers) == len(asked) and set(answers) == {"true", "false"}
    assert {pair for pair, answer in zip(asked, answers) if answer == "true"} == ALLOWED


def test_kubectl_can_i_agrees(applied, kubeconfig):
    def can(*what):
        return applied.run("kubectl", "auth", "can-i", *what, "--all-namespaces", kubeconfig=kubeconfig).returncode == 0
    assert can("watch", "services") and can("patch", "services", "--subresource=status")
    assert not can("patch", "services") and not can("get", "secrets") and not can("*", "*")


def test_the_kubeconfig_is_for_its_owner_only_and_holds_the_account(kubeconfig):
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
    config = yaml.safe_load(kubeconfig.read_text())
    assert config["current-context"] == "sluice" and config["users"][0]["user"]["token"]
    assert config["clusters"][0]["cluster"]["certificate-authority-data"]


@pytest.fixture
def service(applied):
    applied.kubectl("apply", "-f", "-", stdin=json.dumps({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}))
    yield "web"
    applied.kubectl("patch", "service", "web", "--type=merge", "-p", '{"metadata": {"finalizers": null}}')
    applied.kubectl("delete", "service", "web")


def test_status_and_finalizers_are_written_through_the_status_subresource(applied, kubeconfig, service):
    patch = {"metadata": {"finalizers": ["sluice.dev/vip"]}, "spec": {"externalTrafficPolicy": "Local"},
             "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}}
    path = f"/api/v1/namespaces/default/services/{service}/status"
    config = yaml.safe_load(kubeconfig.read_text())
    done = applied.run("curl", "--silent", "--show-error", "--fail-with-body", "--insecure", "--request", "PATCH",
                       "--header", "Content-Type: application/merge-patch+json",
                       "--header", f"Authorization: Bearer {config['users'][0]['user']['token']}",
                       "--data", json.dumps(patch), config["clusters"][0]["cluster"]["server"] + path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(applied.kubectl("get", "service", service, "-o", "json"))
    assert found["status"]["loadBalancer"]["ingress"] == [{"ip": "203.0.113.7"}]
    assert found["metadata"]["finalizers"] == ["sluice.dev/vip"]
    assert found["spec"]["externalTrafficPolicy"] == "Cluster"


def test_a_spec_cannot_be_changed(applied, kubeconfig, service):
    done = applied.run("kubectl", "patch", "service", service, "--type=merge", "-p",
                       '{"spec": {"externalTrafficPolicy": "Local"}}', kubeconfig=kubeconfig)
    assert done.returncode != 0 and "forbidden" in done.stderr.lower()


def test_the_script_writes_to_standard_output_without_a_file(applied):
    done = applied.run(BASE / "make-kubeconfig")
    assert done.returncode == 0 and yaml.safe_load(done.stdout)["kind"] == "Config"


def test_the_script_says_when_the_server_cannot_be_reached_so(applied, tmp_path):
    done = applied.run(BASE / "make-kubeconfig", "--server", "https://127.0.0.1:1", "--output", tmp_path / "out")
    assert done.returncode == 1 and "does not work" in done.stderr and not (tmp_path / "out").exists()


def test_the_script_refuses_a_server_without_tls(applied):
    done = applied.run(BASE / "make-kubeconfig", "--server", "http://10.0.0.1:8080")
    assert done.returncode == 1 and "https://" in done.stderr


def test_nothing_of_the_script_is_left_in_the_temporary_folder(applied, tmp_path):
    applied.run("env", f"TMPDIR={tmp_path}", BASE / "make-kubeconfig")
    assert list(tmp_path.iterdir()) == []
