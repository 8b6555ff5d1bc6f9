"""A real control plane without nodes, in a network namespace of its own, when KUBEBUILDER_ASSETS has one."""
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from tools.lab.cluster import RealControlPlane  # noqa: E402
from tools.lab.netns import Namespace  # noqa: E402
from tools.lab.process import Processes  # noqa: E402
from tools.lab.programs import kubernetes_assets  # noqa: E402
from tools.lab.state import State  # noqa: E402
from tools.lab.topology import API_SERVER  # noqa: E402

BASE = ROOT / "docker" / "kubernetes"


class Cluster:
    """Runs kubectl and our script as the administrator of the cluster, or with another kubeconfig."""

    def __init__(self, namespace, kubeconfig):
        self._namespace = namespace
        self.kubeconfig = kubeconfig

    def run(self, *command, kubeconfig=None, stdin=None):
        environment = {**os.environ, "KUBECONFIG": str(kubeconfig or self.kubeconfig)}
        return subprocess.run(self._namespace.command(list(command)), env=environment, input=stdin, text=True,
                              capture_output=True, timeout=60)

    def kubectl(self, *arguments, **options):
        done = self.run("kubectl", *arguments, **options)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def cluster():
    assets = kubernetes_assets()
    if not assets:
        pytest.skip("KUBEBUILDER_ASSETS names no folder with a real control plane")
    if os.geteuid() != 0:
        pytest.skip("needs root (network namespaces)")
    prefix = f"sluice-kustomize-{os.getpid()}-"
    state, namespace = State(prefix), Namespace(prefix, "cluster")
    state.create()
    processes = Processes(state)
    try:
        namespace.create({})
        namespace.configure([f"address add {API_SERVER}/32 dev lo"])
        plane = RealControlPlane(assets, state.directory / "cluster", namespace, processes)
        plane.start()
        yield Cluster(namespace, plane.kubeconfig)
    finally:
        processes.stop_all(2)
        namespace.delete()
        subprocess.run(["rm", "-rf", state.directory], check=True)


@pytest.fixture(scope="session")
def applied(cluster):
    cluster.kubectl("apply", "-k", BASE)
    return cluster


@pytest.fixture(scope="session")
def kubeconfig(applied, tmp_path_factory):
    """The appliance's kubeconfig, as our script makes it."""
    path = tmp_path_factory.mktemp("appliance") / "kubeconfig"
    done = applied.run(BASE / "make-kubeconfig", "--output", path)
    assert done.returncode == 0, done.stderr
    return path
