"""What `kubectl apply -k docker/kubernetes` would create: these objects with these rights, and no others."""
import os
import pathlib
import shutil
import subprocess

import pytest
import yaml

BASE = pathlib.Path(__file__).resolve().parents[2] / "docker" / "kubernetes"


@pytest.fixture(scope="module")
def objects():
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed (Debian package kubernetes-client)")
    done = subprocess.run(["kubectl", "kustomize", BASE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {document["kind"]: document for document in yaml.safe_load_all(done.stdout)}


def test_it_makes_an_account_with_its_rights_and_runs_nothing(objects):
    assert sorted(objects) == ["ClusterRole", "ClusterRoleBinding", "Namespace", "Secret", "ServiceAccount"]


def test_the_rights_are_the_least(objects):
    rights = {(verb, group, resource)
              for rule in objects["ClusterRole"]["rules"] for verb in rule["verbs"]
              for group in rule["apiGroups"] for resource in rule["resources"]}
    read = {(verb, group, resource) for verb in ("get", "list", "watch")
            for group, resource in (("", "services"), ("", "nodes"), ("discovery.k8s.io", "endpointslices"))}
    assert rights == read | {("patch", "", "services/status"), ("create", "", "events"), ("patch", "", "events")}


def test_the_binding_joins_role_and_account(objects):
    binding, account = objects["ClusterRoleBinding"], objects["ServiceAccount"]["metadata"]
    assert binding["roleRef"]["name"] == objects["ClusterRole"]["metadata"]["name"]
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": account["name"], "namespace": account["namespace"]}]
    assert account["namespace"] == objects["Namespace"]["metadata"]["name"]


def test_the_token_is_that_of_the_account(objects):
    secret = objects["Secret"]
    assert secret["type"] == "kubernetes.io/service-account-token" and "data" not in secret
    assert secret["metadata"]["annotations"]["kubernetes.io/service-account.name"] == (
        objects["ServiceAccount"]["metadata"]["name"])


def test_the_script_says_when_there_is_no_cluster(tmp_path):
    config = tmp_path / "config"
    config.write_text(yaml.safe_dump({
        "apiVersion": "v1", "kind": "Config", "current-context": "none",
        "clusters": [{"name": "none", "cluster": {"server": "https://127.0.0.1:1"}}],
        "contexts": [{"name": "none", "context": {"cluster": "none", "user": ""}}]}))
    done = subprocess.run([BASE / "make-kubeconfig"], capture_output=True, text=True,
                          env={**os.environ, "HOME": str(tmp_path), "KUBECONFIG": str(config)})
    assert done.returncode == 1 and "no namespace sluice-system" in done.stderr and done.stdout == ""


def test_the_script_refuses_what_it_does_not_know():
    done = subprocess.run([BASE / "make-kubeconfig", "--nonsense"], capture_output=True, text=True)
    assert done.returncode == 1 and "--nonsense" in done.stderr
